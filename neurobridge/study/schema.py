"""What a study file may say; ``docs/studies.md`` shows one with comments."""

from __future__ import annotations

__all__ = [
    "AddressPlan",
    "ClusterPlan",
    "LocalPlan",
    "SearchPlan",
    "SlurmPlan",
    "StudyPlan",
    "StudyRunPlan",
]

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from neurobridge.experiment.quantities import Duration, known_backends
from neurobridge.study.sweeps import SweepValue
from neurobridge.yaml_lines import Strict


def _name(value: Any) -> Any:
    """A name that can be that of a folder."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][\w.-]*", value, re.ASCII):
        raise ValueError(
            f"expected letters, digits, '_', '-' and '.', as a folder is called so, got {value!r}"
        )
    return value


def _once(value: Any) -> Any:
    """A list of texts, at least one, none of them twice."""
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise ValueError(f"expected a list of names with at least one, got {value!r}")
    for entry in value:
        if value.count(entry) > 1:
            raise ValueError(f"{entry!r} occurs twice; name it once")
    return value


def _numbers(value: Any, info: ValidationInfo) -> list[int]:
    """Whole numbers: a list of them, or how many there are, counted from 0."""
    name = info.field_name
    if _is_whole(value):
        if value < 1:
            raise ValueError(f"expected at least 1, got {value}; {name}: 3 means [0, 1, 2]")
        return list(range(value))
    if not isinstance(value, list) or not value:
        raise ValueError(
            f"expected a list of whole numbers, or how many there are ({name}: 3 means [0, 1, 2]), "
            f"got {value!r}"
        )
    for entry in value:
        if not _is_whole(entry):
            raise ValueError(f"expected whole numbers, got {entry!r}")
        if value.count(entry) > 1:
            raise ValueError(f"{entry} occurs twice; every trial would be there twice")
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _walltime(value: Any) -> str:
    """A time as SLURM takes it."""
    if isinstance(value, str) and re.fullmatch(r"(\d+-)?\d+(:\d\d){0,2}", value):
        return value
    raise ValueError(
        f'expected a text such as "02:00:00", in quotes, got {value!r} (without quotes, YAML '
        "makes a number of 12:00:00)"
    )


def _address(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[a-z]+://\S+:\d+", value):
        return value
    raise ValueError(f"expected protocol, host and port, e.g. tcp://10.0.0.1:8786, got {value!r}")


Numbers = Annotated[list[int], BeforeValidator(_numbers)]
Names = Annotated[list[str], BeforeValidator(_once)]
Count = Annotated[int, Field(ge=1)]


class StudyRunPlan(Strict):
    """How all trials run, in place of the experiments; a saved network needs ``duration``."""

    duration: Duration | None = None
    dt: Duration | None = None
    accept: list[str] | None = None


class LocalPlan(Strict):
    """Worker processes on this machine, one thread each; as many as there are cores."""

    kind: Literal["local"] = "local"
    workers: Count | None = None


class SlurmPlan(Strict):
    """``jobs`` jobs of SLURM; each starts a worker process for every core."""

    kind: Literal["slurm"]
    jobs: Count
    memory: str
    walltime: Annotated[str, BeforeValidator(_walltime)]
    cores: Count = 1
    queue: str | None = None
    account: str | None = None
    interface: str | None = None
    prologue: list[str] = Field(default_factory=list)
    directives: list[str] = Field(default_factory=list)


class AddressPlan(Strict):
    """A scheduler that runs already; ``timeout`` is how long workers are waited for, in ms."""

    kind: Literal["address"]
    address: Annotated[str, BeforeValidator(_address)]
    timeout: Duration = 60_000.0


ClusterPlan = Annotated[LocalPlan | SlurmPlan | AddressPlan, Field(discriminator="kind")]


class SearchPlan(Strict):
    """A search by Optuna over the ranges and lists of ``parameters``.

    The objective is the mean of a measure over all trials of a point. ``batch`` points are asked
    for at a time; they know nothing of one another.
    """

    objective: str
    points: Count
    direction: Literal["minimize", "maximize"] | None = None
    target: float | None = None
    sampler: Literal["tpe", "random"] = "tpe"
    batch: Count = 4
    seed: int = 0
    storage: str | None = None

    @model_validator(mode="after")
    def _one_goal(self) -> Self:
        if (self.direction is None) == (self.target is None):
            raise ValueError(
                "say either direction: maximize (or minimize), or target: the value that the "
                f"objective shall have; got direction {self.direction!r} and target {self.target!r}"
            )
        return self


class StudyPlan(Strict):
    """A whole study file."""

    version: Literal[1]
    name: Annotated[str, BeforeValidator(_name)]
    experiments: Names
    backends: Annotated[list[str], BeforeValidator(known_backends)]
    description: str = ""
    run: StudyRunPlan = StudyRunPlan()
    parameters: dict[str, SweepValue] = Field(default_factory=dict)
    zip: dict[str, SweepValue] = Field(default_factory=dict)
    seeds: Numbers = Field(default_factory=lambda: [0])
    trials: Numbers = Field(default_factory=lambda: [0])
    measures: Names = Field(default_factory=lambda: ["mean_rate", "active_fraction", "cv"])
    spikes: bool = False
    cluster: ClusterPlan = LocalPlan()
    search: SearchPlan | None = None
