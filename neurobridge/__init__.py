"""Neurobridge: one description of a connectome network, identical spikes on several simulators.

The public names below are loaded on first use, so ``import neurobridge`` stays fast and needs no
simulator. A name is public if it stands in the table ``_NAMES``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ != "neurobridge":
    raise ImportError(f"import this package as neurobridge, not as {__name__!r}")

__version__ = "0.1.0"

# In a checkout that is not installed, backends/, models/ and tasks/ lie beside this folder.
_root = Path(__file__).parent.parent
if (_root / "setup.cfg").is_file() and (_root / "backends").is_dir():
    __path__.append(str(_root))

if TYPE_CHECKING:
    from neurobridge.citation import Reference as Reference
    from neurobridge.citation import citations as citations
    from neurobridge.comparison.build import compare_recordings as compare_recordings
    from neurobridge.comparison.execute import BackendRun as BackendRun
    from neurobridge.comparison.execute import compare as compare
    from neurobridge.comparison.result import Comparison as Comparison
    from neurobridge.connectome.network import to_network as to_network
    from neurobridge.connectome.table import Connectome as Connectome
    from neurobridge.deployment.plan import plan_deployment as plan_deployment
    from neurobridge.deployment.result import Deployment as Deployment
    from neurobridge.errors import BackendError as BackendError
    from neurobridge.errors import BackendUnavailableError as BackendUnavailableError
    from neurobridge.errors import ConnectomeError as ConnectomeError
    from neurobridge.errors import ExperimentError as ExperimentError
    from neurobridge.errors import FileFormatError as FileFormatError
    from neurobridge.errors import FindingsError as FindingsError
    from neurobridge.errors import ModelError as ModelError
    from neurobridge.errors import NetworkError as NetworkError
    from neurobridge.errors import NeurobridgeError as NeurobridgeError
    from neurobridge.errors import StudyError as StudyError
    from neurobridge.errors import TrainingError as TrainingError
    from neurobridge.errors import UnitError as UnitError
    from neurobridge.errors import UnknownNameError as UnknownNameError
    from neurobridge.experiment.experiment import Experiment as Experiment
    from neurobridge.experiment.experiment import load_experiment as load_experiment
    from neurobridge.graph.builder import NetworkBuilder as NetworkBuilder
    from neurobridge.graph.edges import Edges as Edges
    from neurobridge.graph.encoder import Encoder as Encoder
    from neurobridge.graph.labels import Labels as Labels
    from neurobridge.graph.model import Coupling as Coupling
    from neurobridge.graph.model import NeuronModel as NeuronModel
    from neurobridge.graph.model import Parameter as Parameter
    from neurobridge.graph.model import Receptor as Receptor
    from neurobridge.graph.model import Refractory as Refractory
    from neurobridge.graph.network import Network as Network
    from neurobridge.graph.population import Population as Population
    from neurobridge.graph.probe import SpikeProbe as SpikeProbe
    from neurobridge.graph.probe import StateProbe as StateProbe
    from neurobridge.graph.projection import Projection as Projection
    from neurobridge.graph.projection import TickDelays as TickDelays
    from neurobridge.graph.readout import Readout as Readout
    from neurobridge.graph.split import split_projection as split_projection
    from neurobridge.graph.stimulus import Current as Current
    from neurobridge.graph.stimulus import DiffusionNoise as DiffusionNoise
    from neurobridge.graph.stimulus import Poisson as Poisson
    from neurobridge.graph.stimulus import PoissonCounts as PoissonCounts
    from neurobridge.graph.stimulus import SpikeTrains as SpikeTrains
    from neurobridge.graph.stimulus import WhiteNoise as WhiteNoise
    from neurobridge.graph.weight import Explicit as Explicit
    from neurobridge.graph.weight import Factorised as Factorised
    from neurobridge.graph.weight import LowRank as LowRank
    from neurobridge.graph.weight import WeightSum as WeightSum
    from neurobridge.io.native import load as load
    from neurobridge.io.native import save as save
    from neurobridge.lowering.compiled import CompiledNetwork as CompiledNetwork
    from neurobridge.lowering.compiled import check as check
    from neurobridge.lowering.compiled import compile as compile
    from neurobridge.lowering.compiled import run as run
    from neurobridge.lowering.finding import Finding as Finding
    from neurobridge.recording import Recording as Recording
    from neurobridge.recording import Signal as Signal
    from neurobridge.recording import Spikes as Spikes
    from neurobridge.registry import get_backend as get_backend
    from neurobridge.registry import list_backends as list_backends
    from neurobridge.study.result import StudyResult as StudyResult
    from neurobridge.study.running import run_study as run_study
    from neurobridge.study.study import Study as Study
    from neurobridge.study.study import load_study as load_study

_NAMES = {
    "neurobridge.citation": ("Reference", "citations"),
    "neurobridge.comparison.build": ("compare_recordings",),
    "neurobridge.comparison.execute": ("BackendRun", "compare"),
    "neurobridge.comparison.result": ("Comparison",),
    "neurobridge.connectome.network": ("to_network",),
    "neurobridge.connectome.table": ("Connectome",),
    "neurobridge.deployment.plan": ("plan_deployment",),
    "neurobridge.deployment.result": ("Deployment",),
    "neurobridge.errors": (
        "BackendError",
        "BackendUnavailableError",
        "ConnectomeError",
        "ExperimentError",
        "FileFormatError",
        "FindingsError",
        "ModelError",
        "NetworkError",
        "NeurobridgeError",
        "StudyError",
        "TrainingError",
        "UnitError",
        "UnknownNameError",
    ),
    "neurobridge.experiment.experiment": ("Experiment", "load_experiment"),
    "neurobridge.graph.builder": ("NetworkBuilder",),
    "neurobridge.graph.edges": ("Edges",),
    "neurobridge.graph.encoder": ("Encoder",),
    "neurobridge.graph.labels": ("Labels",),
    "neurobridge.graph.model": ("Coupling", "NeuronModel", "Parameter", "Receptor", "Refractory"),
    "neurobridge.graph.network": ("Network",),
    "neurobridge.graph.population": ("Population",),
    "neurobridge.graph.probe": ("SpikeProbe", "StateProbe"),
    "neurobridge.graph.projection": ("Projection", "TickDelays"),
    "neurobridge.graph.readout": ("Readout",),
    "neurobridge.graph.split": ("split_projection",),
    "neurobridge.graph.stimulus": (
        "Current",
        "DiffusionNoise",
        "Poisson",
        "PoissonCounts",
        "SpikeTrains",
        "WhiteNoise",
    ),
    "neurobridge.graph.weight": ("Explicit", "Factorised", "LowRank", "WeightSum"),
    "neurobridge.io.native": ("load", "save"),
    "neurobridge.lowering.compiled": ("CompiledNetwork", "check", "compile", "run"),
    "neurobridge.lowering.finding": ("Finding",),
    "neurobridge.recording": ("Recording", "Signal", "Spikes"),
    "neurobridge.registry": ("get_backend", "list_backends"),
    "neurobridge.study.result": ("StudyResult",),
    "neurobridge.study.running": ("run_study",),
    "neurobridge.study.study": ("Study", "load_study"),
}
"""Module -> public names that it defines."""

_API = {name: module for module, names in _NAMES.items() for name in names}

_MODULES = frozenset(
    {
        "analysis",
        "backends",
        "comparison",
        "connectome",
        "deployment",
        "experiment",
        "graph",
        "io",
        "models",
        "perturbation",
        "structure",
        "study",
        "tasks",
        "training",
    }
)
"""Subpackages that are loaded on first use, as in ``neurobridge.connectome``."""

__all__ = ["__version__", *_API]  # noqa: PLE0604 - every key of the table is a str


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name in _MODULES:
        return import_module(f"neurobridge.{name}")
    if name in _API:
        value = getattr(import_module(_API[name]), name)
        globals()[name] = value
        return value
    from neurobridge.errors import suggest

    raise AttributeError(f"module 'neurobridge' has no attribute {name!r}{suggest(name, _API)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_API, *_MODULES})
