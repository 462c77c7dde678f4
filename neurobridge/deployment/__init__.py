"""What a deployment on hardware will do, before it is done."""

from __future__ import annotations

__all__ = [
    "LEVELS",
    "TARGETS",
    "Deployment",
    "Evidence",
    "max_summed_input",
    "measure_input",
    "plan_deployment",
]

from neurobridge.deployment.evidence import LEVELS, Evidence
from neurobridge.deployment.measured_input import max_summed_input, measure_input
from neurobridge.deployment.plan import plan_deployment
from neurobridge.deployment.result import Deployment
from neurobridge.deployment.targets import TARGETS
