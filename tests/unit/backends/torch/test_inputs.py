"""Currents: cut into segments, and refused where they do not fit."""

from __future__ import annotations

import pytest

from neurobridge.errors import NetworkError
from tests.requirements import require

require("torch")

import torch  # noqa: E402

from neurobridge.backends.torch.inputs import Injection, Inputs  # noqa: E402


def test_pieces_of_a_current_know_their_steps_and_share_a_gradient() -> None:
    value = torch.arange(14.0).view(7, 2, 1).requires_grad_()
    inputs = Inputs(6, 1).with_current("cells", Injection(value))
    inputs = inputs.with_current("cells", Injection(torch.ones(1, 2, 1)))
    pieces = inputs.cut([4, 2])
    late, steady = pieces[1].currents["cells"]
    assert late.first == 4
    assert torch.equal(late.at(5), value[5])
    assert torch.equal(late.between(4, 2), value[4:6])
    assert torch.equal(steady.between(4, 2), torch.ones(1, 2, 1))
    (2 * pieces[0].currents["cells"][0].value.sum() + late.value.sum()).backward()
    assert value.grad is not None
    assert value.grad[:, 0, 0].tolist() == [2, 2, 2, 2, 1, 1, 0]


@pytest.mark.parametrize("shape", [(3, 2, 4), (6, 2, 3), (0, 2, 4)])
def test_a_current_that_does_not_fit(shape: tuple[int, int, int]) -> None:
    with pytest.raises(NetworkError, match=r"expected \(1 or 6 steps, 2 neurons, 1 or 4 runs\)"):
        Inputs(6, 4).with_current("cells", Injection(torch.zeros(shape)))
