"""A step as torch operations, which GPUs run: every scenario of the contract."""

from __future__ import annotations

from functools import partial

import pytest

from tests.conformance.case import SCENARIOS
from tests.conformance.test_scenarios import check_case
from tests.requirements import require

require("torch")

from neurobridge.backends.torch import engine  # noqa: E402
from neurobridge.backends.torch.fused.plan import FusedPlan  # noqa: E402
from neurobridge.backends.torch.network import Options, TorchNetwork  # noqa: E402
from neurobridge.backends.torch.segment import Plan  # noqa: E402
from neurobridge.lowering.lower import lower  # noqa: E402


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "Options", partial(Options, compiled=False))
    check_case(SCENARIOS[name].make(), "torch", {}, None)


def test_code_is_compiled_for_the_cpu_only() -> None:
    program = lower(SCENARIOS["psp_lif_delta"].make().network, 0.1)
    assert isinstance(TorchNetwork(program, Options()).plan, FusedPlan)
    assert isinstance(TorchNetwork(program, Options(compiled=False)).plan, Plan)
    assert isinstance(TorchNetwork(program, Options(device="meta")).plan, Plan)
