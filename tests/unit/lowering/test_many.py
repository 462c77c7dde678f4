"""Many runs of one built network."""

from __future__ import annotations

import pytest

from neurobridge import NetworkBuilder, Poisson, compile, models
from neurobridge.errors import FindingsError, UnknownNameError
from neurobridge.lowering.compiled import CompiledNetwork


@pytest.fixture
def compiled() -> CompiledNetwork:
    b = NetworkBuilder()
    b.population("cells", 5, models.lif_exp)
    b.connect("ring", "cells", "cells", [(i, (i + 1) % 5) for i in range(5)], weight=1.0, delay=1.0)
    b.add(Poisson("drive", "cells", rate=200.0, receptor="exc", weight=1.0))
    return compile(b.build(), "reference", dt=0.1)


def test_each_run_is_as_it_would_be_alone(compiled: CompiledNetwork) -> None:
    runs = [{"trial": 3}, {"parameters": {"cells": {"tau_m": 5.0}}}, {"seed": 7, "trial": 1}]
    many = compiled.run_many(50.0, runs, threads=2)
    alone = [compiled.run(50.0, trial=3), None, compiled.run(50.0, seed=7, trial=1)]
    alone[1] = compiled.run(50.0, parameters={"cells": {"tau_m": 5.0}})
    assert [r.spike_hash for r in many] == [r.spike_hash for r in alone if r is not None]
    assert len({r.spike_hash for r in many}) == 3
    assert [(r.seed, r.trial) for r in many] == [(0, 3), (0, 0), (7, 1)]


def test_parameters_of_one_of_many_runs_do_not_last(compiled: CompiledNetwork) -> None:
    compiled.run(50.0, parameters={"cells": {"tau_m": 8.0}})
    before = compiled.run(50.0).spike_hash
    compiled.run_many(50.0, [{"parameters": {"cells": {"tau_m": 30.0}}}])
    assert compiled.run(50.0).spike_hash == before


def test_progress_counts_runs(compiled: CompiledNetwork) -> None:
    seen: list[int] = []
    compiled.run_many(10.0, [{}, {}, {}], progress=seen.append)
    assert seen == [1, 2, 3]


def test_what_runs_are_given_is_checked_before_the_first(compiled: CompiledNetwork) -> None:
    seen: list[int] = []
    with pytest.raises(TypeError, match="run 1 of run_many is given 'duration'"):
        compiled.run_many(10.0, [{}, {"duration": 3}], progress=seen.append)
    with pytest.raises(UnknownNameError, match="cell"):
        compiled.run_many(10.0, [{}, {"parameters": {"cell": {"tau_m": 3.0}}}])
    with pytest.raises(FindingsError, match="refractory steps"):
        compiled.run_many(10.0, [{}, {"parameters": {"cells": {"t_ref": 9.0}}}])
    with pytest.raises(ValueError, match="at least 1, got 0"):
        compiled.run_many(10.0, [{}], threads=0)
    assert not seen
