"""How far trained values are from those of a teacher."""

from __future__ import annotations

__all__ = ["ParameterError"]

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.training.losses.subset import OfNeurons
from neurobridge.training.losses.weights import trained_values
from neurobridge.training.metrics.metric import Metric
from neurobridge.training.objective import Seen
from neurobridge.training.values import value_at


@dataclass(frozen=True, eq=False)
class ParameterError(OfNeurons, Metric):
    r"""Distance of trained values from those of a teacher network, relative to the teacher's.

    .. math:: \lVert w - w^* \rVert_2 \,\big/\, \lVert w^* \rVert_2

    Parameters
    ----------
    path : str
        ``"projections.NAME"`` for the signed weights of a projection of which anything is trained,
        or a trained path of a population, a readout or an encoder.
    teacher : Network
        With the same neurons and edges.
    where, neurons, others
        See :class:`neurobridge.training.losses.subset.OfNeurons`: neurons of the population, or for
        a projection the edges onto them.

    Raises
    ------
    NetworkError, UnknownNameError
        If the path names nothing that is trained, the teacher has other neurons or edges, or its
        values are all 0.
    """

    path: str
    teacher: Network

    def measure(self, seen: Seen) -> torch.Tensor:
        """Work it out."""
        own = trained_values(seen, self.path).detach().double()
        teacher = torch.as_tensor(self._of_teacher(seen.model.network)).to(own.device)
        if own.shape != teacher.shape:
            raise NetworkError(
                f"{self._name} of {self.path!r}: the network has values of shape "
                f"{tuple(own.shape)}, the teacher of shape {tuple(teacher.shape)}; it must have "
                "the same neurons and outputs"
            )
        index = self._elements(seen)
        if index is not None:
            own, teacher = own[index], teacher[index]
        size = torch.linalg.vector_norm(teacher)
        if not bool(size > 0):
            raise NetworkError(f"{self._name} of {self.path!r}: all values of the teacher are 0")
        distance: torch.Tensor = torch.linalg.vector_norm(own - teacher) / size
        return distance

    def _of_teacher(self, student: Network) -> NDArray[np.float64]:
        if self._is_projection:
            return self._weights(student)
        return value_at(self.teacher, self.path)

    @property
    def _is_projection(self) -> bool:
        return self.path.startswith("projections.")

    def _weights(self, student: Network) -> NDArray[np.float64]:
        """Weights of the teacher's projection, whose edges must be the student's."""
        name = self.path.removeprefix("projections.")
        if "." in name:
            raise NetworkError(
                f"{self._name}: {self.path!r} has no value of its own in a teacher; compare the "
                f"weights, 'projections.{name.split('.')[0]}'"
            )
        if name not in self.teacher.projections:
            raise UnknownNameError("projection of the teacher", name, self.teacher.projections)
        own, other = student.projections[name].edges, self.teacher.projections[name].edges
        same = own.indptr.shape == other.indptr.shape and own.pre.shape == other.pre.shape
        if not same or (own.indptr != other.indptr).any() or (own.pre != other.pre).any():
            raise NetworkError(
                f"{self._name} of {self.path!r}: the teacher has other edges ({other.n_edges}, "
                f"{other.n_pre} to {other.n_post} neurons) than the network ({own.n_edges}, "
                f"{own.n_pre} to {own.n_post}), so weights cannot be compared one by one"
            )
        return self.teacher.weights(name).copy()

    def _elements(self, seen: Seen) -> torch.Tensor | None:
        """Which values are compared; None for all."""
        if self.where is None and self.neurons is None:
            return None
        root, name = self.path.split(".")[:2]
        if root == "populations":
            return self.chosen(seen, name)
        if not self._is_projection:
            raise NetworkError(
                f"{self._name} of {self.path!r}: values of readouts and encoders are of no one "
                "neuron; leave where= and neurons= out"
            )
        projection = seen.model.network.projections[name]
        index = self.chosen(seen, projection.post)
        post = torch.as_tensor(projection.edges.post.astype(np.int64)).to(index.device)
        return torch.nonzero(torch.isin(post, index))[:, 0]
