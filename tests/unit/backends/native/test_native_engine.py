"""The native backend: the same spikes on every path, by any number of threads, in any company."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge import Current, NetworkBuilder, Poisson, StateProbe, check, compile, models, run
from neurobridge.backends.native import backend as native
from neurobridge.errors import FindingsError
from neurobridge.graph.network import Network
from neurobridge.graph.stimulus import PoissonCounts, WhiteNoise
from neurobridge.rng import generator
from tests.requirements import require

DT = 0.1


@pytest.fixture(autouse=True)
def numba() -> None:
    require("numba")


def network(rate: float = 40.0) -> Network:
    """300 excitatory and inhibitory neurons in two populations, and a source."""
    rng = generator(1, "weights", "native test")
    b = NetworkBuilder()
    b.population("input", 40, models.spike_source)
    b.population("cells", 220, models.lif_exp, t_ref=2.0)
    b.population("others", 80, models.lif_exp, tau_m=rng.choice([10.0, 15.0], 80))
    for name, pre, post, n, weight in (
        ("in", "input", "cells", 900, 1.2),
        ("forth", "cells", "others", 2500, 0.3),
        ("back", "others", "cells", 2000, -0.6),
        ("within", "cells", "cells", 3000, 0.25),
    ):
        sizes = {"input": 40, "cells": 220, "others": 80}
        pairs = np.unique(
            np.stack([rng.integers(0, sizes[pre], n), rng.integers(0, sizes[post], n)], 1), axis=0
        )
        delay = rng.integers(5, 30, len(pairs)) / 10
        b.connect(name, pre, post, pairs, weight=weight, delay=delay)
    b.add(
        Poisson("drive", "input", rate=rate),
        Poisson("noise", "others", rate=100.0, receptor="exc", weight=0.8),
        Current("step", "cells", amplitude=[0.1, 0.0], time=[20.0, 60.0]),
        StateProbe("membrane", "cells", "v", neurons=[0, 63, 64, 219]),
        StateProbe("slow", "others", "i_exc", neurons=[7], interval=1.5),
    )
    return b.build()


@pytest.fixture(scope="module")
def expected() -> object:
    return run(network(), 150.0, "reference", dt=DT, seed=3)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("mode", ["event", "dense", "auto"])
def test_all_paths_and_threads_give_the_spikes_of_the_reference(
    expected: object, mode: str, threads: int
) -> None:
    got = run(network(), 150.0, "native", dt=DT, seed=3, mode=mode, threads=threads)
    assert got.spike_hash == expected.spike_hash
    assert got.n_spikes > 1500
    for name, signal in expected.signals.items():
        atol = 0.0 if mode == "dense" else 1e-9
        np.testing.assert_allclose(got.signals[name].values, signal.values, rtol=0, atol=atol)


def test_threads_do_not_change_a_bit() -> None:
    one, three = (
        run(network(), 150.0, "native", dt=DT, seed=3, threads=t).signals["membrane"].values
        for t in (1, 3)
    )
    np.testing.assert_array_equal(one, three)


def test_how_often_it_looks_up_does_not_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(network(), 150.0, "native", dt=DT, seed=3)
    monkeypatch.setattr("neurobridge.backends.native.engine.SECONDS", 0.0)
    seen: list[int] = []
    pieces = run(network(), 150.0, "native", dt=DT, seed=3, progress=seen.append)
    assert len(seen) == 300
    assert seen[-1] == 1500
    values = [r.signals["membrane"].values for r in (whole, pieces)]
    np.testing.assert_array_equal(*values)
    assert whole.spike_hash == pieces.spike_hash


def test_auto_takes_the_path_that_the_activity_asks_for() -> None:
    def dense(rate: float) -> float:
        return float(run(network(rate), 100.0, "native", dt=DT, seed=3).info["dense_share"])

    assert dense(0.0) < 0.5 < dense(400.0)


def test_room_for_spikes_grows() -> None:
    b = NetworkBuilder()
    b.population("cells", 100, models.lif_delta, t_ref=0.0, v_thresh=-64.0, i_offset=50.0)
    got = run(b.build(), 100.0, "native", dt=DT)
    assert got.n_spikes == 100 * 1000


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_keeps_what_was_recorded(threads: int) -> None:
    def stop(step: int) -> None:
        if step > 300:
            raise KeyboardInterrupt

    with compile(network(), "native", dt=DT, threads=threads) as compiled:
        got = compiled.run(10_000.0, seed=3, progress=stop)
        whole = compiled.run(1_000.0, seed=3)
    assert got.status == "incomplete"
    reached = got.spikes["cells"].n_steps
    assert 300 < reached < 100_000
    until = min(reached, 10_000)
    for name, spikes in got.spikes.items():
        now, then = (
            [(s, n) for s, n in zip(x.step.tolist(), x.neuron.tolist(), strict=True) if s <= until]
            for x in (spikes, whole.spikes[name])
        )
        if name != "input":
            assert now == then


def test_many_runs_at_a_time_are_as_each_alone() -> None:
    runs = [{"trial": t} for t in range(4)] + [{"parameters": {"cells": {"tau_m": 12.0}}}]
    with compile(network(), "native", dt=DT) as compiled:
        together = compiled.run_many(100.0, runs, threads=2)
        alone = [compiled.run(100.0, trial=t) for t in range(4)]
        alone.append(compiled.run(100.0, parameters={"cells": {"tau_m": 12.0}}))
    assert [r.spike_hash for r in together] == [r.spike_hash for r in alone]
    assert len({r.spike_hash for r in alone}) == 5


def test_dense_poisson_input_is_drawn_as_the_reference_draws_it() -> None:
    b = NetworkBuilder()
    b.population("cells", 130, models.lif_exp)
    b.add(
        PoissonCounts("much", "cells", rate=15_000.0, receptor="exc", weight=0.02),
        PoissonCounts("late", "cells", rate=np.linspace(0, 9e5, 130), receptor="inh",
                      weight=-1e-4, start=10.3, delay=0.7, neurons=np.arange(129, -1, -1)),
        StateProbe("v", "cells", "v"),
    )  # fmt: skip
    expected = run(b.build(), 80.0, "reference", dt=DT, seed=2)
    for mode in ("dense", "event"):
        got = run(b.build(), 80.0, "native", dt=DT, seed=2, mode=mode, threads=2)
        assert got.spike_hash == expected.spike_hash
        atol = 0.0 if mode == "dense" else 1e-9
        np.testing.assert_allclose(
            got.signals["v"].values, expected.signals["v"].values, rtol=0, atol=atol
        )
    assert expected.n_spikes > 100


def test_currents_that_reach_the_same_neurons_add_up() -> None:
    b = NetworkBuilder()
    b.population("cells", 70, models.lif_exp)
    b.add(
        Current("one", "cells", amplitude=0.3, time=5.0, neurons=[0, 65]),
        Current("two", "cells", amplitude=[0.2, -0.1], time=[2.0, 30.0], neurons=[65, 69]),
        WhiteNoise("noise", "cells", std=0.5, interval=0.5, stop=40.0, neurons=[1, 65]),
        StateProbe("v", "cells", "v", neurons=[0, 1, 65, 69]),
    )
    expected = run(b.build(), 60.0, "reference", dt=DT, seed=2).signals["v"].values
    for mode in ("dense", "event"):
        got = run(b.build(), 60.0, "native", dt=DT, seed=2, mode=mode).signals["v"].values
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10)


def test_weights_come_back_in_their_order() -> None:
    with (
        compile(network(), "native", dt=DT, threads=3) as ours,
        compile(network(), "reference", dt=DT) as reference,
    ):
        for name in ("in", "forth", "back", "within"):
            np.testing.assert_array_equal(ours.weights(name), reference.weights(name))


def test_a_network_of_sources_alone_runs() -> None:
    b = NetworkBuilder()
    b.population("input", 5, models.spike_source)
    b.add(Poisson("drive", "input", rate=100.0))
    assert run(b.build(), 50.0, "native", dt=DT).spike_hash == (
        run(b.build(), 50.0, "reference", dt=DT).spike_hash
    )


def test_it_is_the_default_backend() -> None:
    assert run(network(), 1.0, dt=DT).backend == "native"


# -- what is refused, and what takes its place ------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "evnt"}, "expected one of .*'event'.*did you mean 'event'"),
        ({"threads": 0}, "whole number of at least 1, got 0"),
        ({"threads": True}, "whole number of at least 1, got True"),
        ({"threads": 1.5}, "whole number of at least 1, got 1.5"),
    ],
)
def test_wrong_settings_are_errors(settings: dict[str, object], message: str) -> None:
    with pytest.raises(FindingsError, match=message):
        compile(network(), "native", dt=DT, **settings)


def test_events_are_refused_where_a_model_is_not_linear() -> None:
    b = NetworkBuilder()
    b.population("cells", 5, models.izhikevich)
    with pytest.raises(FindingsError, match="no_event_path"):
        compile(b.build(), "native", dt=DT, mode="event")
    assert run(b.build(), 5.0, "native", dt=DT).info["path"] == "dense"


def test_without_numba_the_reference_runs_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with_numba = run(network(), 50.0, "native", dt=DT)
    monkeypatch.setattr(native, "has_numba", lambda: False)
    assert "numba_missing" in [f.code for f in check(network(), "native", dt=DT)]
    without = run(network(), 50.0, "native", dt=DT)
    assert "numba_missing" in [f.code for f in without.findings]
    assert without.spike_hash == with_numba.spike_hash
