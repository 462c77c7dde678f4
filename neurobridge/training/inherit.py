"""Inheritance: a network takes values of another one, by path."""

from __future__ import annotations

__all__ = ["check_same_neurons", "inherited"]

from collections.abc import Iterable
from fnmatch import fnmatchcase

import numpy as np

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.training.values import paths_of, value_at, with_value


def inherited(student: Network, teacher: Network, paths: Iterable[str]) -> Network:
    """The student with values of the teacher.

    Parameters
    ----------
    student, teacher : Network
        With the same neurons.
    paths : iterable of str
        Paths as in :class:`~neurobridge.training.Train`, or patterns such as
        ``"populations.*.tau_m"`` or ``"*"``.

    Raises
    ------
    NetworkError, UnknownNameError
        If a path names nothing in either, or neurons, edges or shapes differ.
    """
    check_same_neurons(student, teacher)
    known = paths_of(teacher)
    for pattern in (paths,) if isinstance(paths, str) else paths:
        matching = [p for p in known if fnmatchcase(p, pattern)]
        if not matching:
            raise UnknownNameError("inherited path (of the teacher)", pattern, known)
        for path in matching:
            if path.startswith("projections."):
                _check_same_edges(student, teacher, path)
            student = with_value(student, path, value_at(teacher, path))
    return student


def check_same_neurons(student: Network, teacher: Network) -> None:
    """Refuse a teacher with other neurons.

    Raises
    ------
    NetworkError
    """
    remedy = "teacher and student need the same neurons in the same order"
    for name, population in student.populations.items():
        if name not in teacher.populations:
            raise NetworkError(
                f"the teacher has no population {name!r}, only {list(teacher.populations)}; "
                f"{remedy}"
            )
        other = teacher.populations[name]
        if other.size != population.size:
            raise NetworkError(
                f"the teacher has {other.size} neurons in {name!r}, the student {population.size}; "
                f"{remedy}"
            )
        assert population.ids is not None
        assert other.ids is not None
        different = np.flatnonzero(population.ids != other.ids)
        if different.size:
            first = int(different[0])
            raise NetworkError(
                f"{different.size} neurons of {name!r} have other ids in the teacher, the first is "
                f"neuron {first}: {other.ids[first]} there, {population.ids[first]} in the "
                f"student; {remedy}"
            )


def _check_same_edges(student: Network, teacher: Network, path: str) -> None:
    name = path.split(".")[1]
    if name not in student.projections:
        raise UnknownNameError(
            f"projection of the student (path {path!r})", name, student.projections
        )
    own, other = student.projections[name].edges, teacher.projections[name].edges
    if not (np.array_equal(own.indptr, other.indptr) and np.array_equal(own.pre, other.pre)):
        raise NetworkError(
            f"inherited path {path!r}: the teacher has other edges ({other.n_edges}, the student "
            f"{own.n_edges}); weights are inherited edge by edge"
        )
