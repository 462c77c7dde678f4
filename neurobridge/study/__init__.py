"""Studies: networks x backends x parameters x seeds, on many workers, and never twice."""

from __future__ import annotations

__all__ = [
    "AddressPlan",
    "LocalPlan",
    "SlurmPlan",
    "Study",
    "StudyResult",
    "load_study",
    "read_study",
    "run_study",
]

from neurobridge.study.result import StudyResult, read_study
from neurobridge.study.running import run_study
from neurobridge.study.schema import AddressPlan, LocalPlan, SlurmPlan
from neurobridge.study.study import Study, load_study
