"""What parts of the package need besides the core, and what to say where it is missing."""

from __future__ import annotations

__all__ = [
    "refuse_without_dask",
    "refuse_without_jobqueue",
    "refuse_without_numba",
    "refuse_without_optuna",
    "refuse_without_torch",
]

from importlib.util import find_spec

from neurobridge.errors import BackendUnavailableError

TRAINING = ("torch", "lightning", "numba")
EXPONENTS = ("numba", "threadpoolctl")


def refuse_without_torch() -> None:
    """Say how to install what training needs.

    Raises
    ------
    BackendUnavailableError
    """
    _refuse("training needs", TRAINING, "torch")


def refuse_without_numba() -> None:
    """Say how to install what Lyapunov exponents need.

    Raises
    ------
    BackendUnavailableError
    """
    _refuse("Lyapunov exponents need", EXPONENTS, "lyapunov")


def refuse_without_dask() -> None:
    """Say how to install what runs studies.

    Raises
    ------
    BackendUnavailableError
    """
    _refuse("studies need", ("dask", "distributed"), "study")


def refuse_without_optuna() -> None:
    """Say how to install what searches.

    Raises
    ------
    BackendUnavailableError
    """
    _refuse("a search needs", ("optuna",), "study")


def refuse_without_jobqueue() -> None:
    """Say how to install what submits jobs to SLURM.

    Raises
    ------
    BackendUnavailableError
    """
    _refuse("a cluster of kind 'slurm' needs", ("dask_jobqueue",), "slurm")


def _refuse(who_needs: str, packages: tuple[str, ...], extra: str) -> None:
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise BackendUnavailableError(
            f"{who_needs} {', '.join(missing)}, not installed here: "
            f"pip install 'neurobridge-sim[{extra}]'"
        )
