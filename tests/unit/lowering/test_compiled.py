"""check(), compile() and run(): what reaches the user, and what is refused before building."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurobridge import (
    BackendError,
    BackendUnavailableError,
    FindingsError,
    NetworkBuilder,
    NetworkError,
    NeurobridgeError,
    StateProbe,
    UnitError,
    UnknownNameError,
    check,
    compile,
    get_backend,
    models,
    run,
)
from neurobridge.graph.stimulus import Current, Poisson, SpikeTrains
from neurobridge.lowering.check import memory_estimate


def small(**parameters: object) -> NetworkBuilder:
    net = NetworkBuilder()
    net.population("input", 3, models.spike_source)
    net.population("cell", 2, models.lif_exp, **parameters)
    pairs = [(0, 1), (1, 0), (2, 1)]
    net.connect("syn", "input", "cell", pairs, weight=[3.0, -1.0, -2.0], delay=[1.0, 2.0, 1.0])
    net.add(Poisson("noise", "input", 200.0))
    return net


def test_weights_come_back_in_canonical_order_across_receptors() -> None:
    with compile(small().build(), "reference", dt=0.1) as compiled:
        assert compiled.weights("syn").tolist() == [-1.0, 3.0, -2.0]
        with pytest.raises(UnknownNameError, match=r"unknown projection 'sin'; did you mean 'syn'"):
            compiled.weights("sin")


def test_the_program_says_what_was_done() -> None:
    with compile(small().build(), "reference", dt=0.1) as compiled:
        log = "\n".join(compiled.program.log)
        assert "neurons: 'cell', 2 x lif_exp, integrator exact" in log
        assert "pathways: 'syn' -> cell.exc, 1 edges, delay 10..10 steps" in log
        assert "pathways: 'syn' -> cell.inh, 2 edges, delay 10..20 steps" in log


def test_a_recording_names_the_network_that_ran() -> None:
    network = small().build()
    with compile(network, "reference", dt=0.1) as compiled:
        assert compiled.run(1.0).network_id == network.id
        other = SpikeTrains("noise", "input", np.array([0.5]), np.array([1]))
        assert compiled.run(1.0, stimuli=[other]).network_id == network.with_stimulus(other).id
        changed = network.with_parameters("cell", tau_m=10.0)
        assert compiled.run(1.0, parameters={"cell": {"tau_m": 10.0}}).network_id == changed.id
        assert compiled.run(1.0).network_id == changed.id


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"cell": {"t_ref": 3.0}}, FindingsError, "compile the network again"),
        ({"cell": {"t_ref": 2.04}}, FindingsError, "refractory_rounding"),
        ({"cell": {"tau": 1.0}}, UnknownNameError, "unknown parameter of model 'lif_exp'"),
        ({"sell": {"tau_m": 1.0}}, UnknownNameError, "unknown population 'sell'; did you mean"),
        ({"cell": {"tau_m": -1.0}}, NetworkError, "'tau_m' must be above 0 ms, got -1"),
    ],
)
def test_parameters_that_a_run_cannot_take(values, error, message: str) -> None:
    with compile(small().build(), "reference", dt=0.1) as compiled:
        with pytest.raises(error, match=message):
            compiled.run(1.0, parameters=values)
        assert compiled.run(1.0).network_id == small().build().id


def test_the_size_of_a_recording_is_told_and_capped() -> None:
    net = small()
    net.add(StateProbe("v", "cell", "v"), StateProbe("slow", "cell", "i_exc", interval=1.0))
    with compile(net.build(), "reference", dt=0.1) as compiled:
        expected = (10_000 * 2 + 1_000 * 2) * 8 / 1e6
        assert compiled.recording_mb(1000.0) == pytest.approx(expected)
        recording = compiled.run(1000.0)
        assert sum(s.values.nbytes for s in recording.signals.values()) / 1e6 == expected
        with pytest.raises(NetworkError, match=r"the cap is 0 MB; record fewer neurons"):
            compiled.run(1000.0, recording_cap_mb=0.1)
    with pytest.raises(NetworkError, match=r"the cap is 0 MB; record fewer neurons"):
        run(net.build(), 1000.0, "reference", dt=0.1, recording_cap_mb=0.1)


def test_unknown_backends_and_settings() -> None:
    with pytest.raises(UnknownNameError, match="unknown backend 'brain2'; did you mean 'brian2'"):
        compile(small().build(), "brain2", dt=0.1)
    with pytest.raises(UnknownNameError, match="unknown setting of backend 'reference' 'threads'"):
        compile(small().build(), "reference", dt=0.1, threads=2)


def test_check_collects_everything_and_builds_nothing() -> None:
    net = small(t_ref=2.04)
    net.connect("odd", "input", "cell", [(0, 0)], weight=1.0, delay=1.23)
    codes = [(f.code, f.severity) for f in check(net.build(), "reference", dt=0.1)]
    assert ("refractory_rounding", "approximation") in codes
    assert ("delay_rounding", "approximation") in codes


def test_numerical_integration_is_noted() -> None:
    net = NetworkBuilder()
    net.population("cell", 1, models.adex)
    (note,) = check(net.build(), "reference", dt=0.1)
    assert (note.code, note.severity) == ("numerical_integration", "note")
    assert "is integrated by rk4" in note.why


def test_a_network_larger_than_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Little:
        available = 100

    monkeypatch.setattr("neurobridge.lowering.check.psutil.virtual_memory", Little)
    with pytest.raises(
        FindingsError, match=r"building it on reference needs about 0.0 GiB"
    ) as caught:
        compile(small().build(), "reference", dt=0.1)
    assert caught.value.findings[0].code == "memory"


def test_the_memory_estimate_grows_with_the_edges() -> None:
    with compile(small().build(), "reference", dt=0.1) as compiled:
        low = memory_estimate(compiled.program, get_backend("reference").capabilities())
        assert low < memory_estimate(compiled.program, get_backend("nest").capabilities())


def test_an_interrupted_run_keeps_what_was_recorded() -> None:
    net = small()
    net.add(StateProbe("v", "cell", "v"))

    def stop(step: int) -> None:
        if step >= 500:
            raise KeyboardInterrupt

    with compile(net.build(), "reference", dt=0.1) as compiled:
        whole = compiled.run(100.0, seed=3)
        part = compiled.run(100.0, seed=3, progress=stop)
        assert part.status == "incomplete"
        done = part["v"].values.shape[0]
        assert done == 500
        assert part.message == "interrupted after 500 of 1,000 steps"
        assert {s.n_steps for s in part.spikes.values()} == {500}
        np.testing.assert_array_equal(part["v"].values, whole["v"].values[:done])
        again = compiled.run(100.0, seed=3)
        assert again.spikes["cell"].same_as(whole.spikes["cell"])


def test_nothing_of_an_interrupted_step_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C after the neurons of step 300 spiked, before the probes read."""
    net = NetworkBuilder()
    net.population("cell", 2, models.lif_exp, i_offset=50.0, t_ref=0.0)
    net.add(StateProbe("v", "cell", "v", interval=0.5))
    with compile(net.build(), "reference", dt=0.1) as compiled:
        whole = compiled.run(100.0).spikes["cell"]
        engine = compiled._engine
        sample = engine._sample

        def stop(done: int) -> None:
            if done == 301:
                raise KeyboardInterrupt
            sample(done)

        monkeypatch.setattr(engine, "_sample", stop)
        part = compiled.run(100.0)
    assert part.message == "interrupted after 300 of 1,000 steps"
    assert part["v"].values.shape == (60, 2)
    early = whole.step <= 300
    assert part.spikes["cell"].step.tolist() == whole.step[early].tolist()
    assert (whole.step == 301).any()


def test_rates_are_those_of_one_trial_whatever_its_number() -> None:
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_exp, i_offset=1.0)
    with compile(net.build(), "reference", dt=0.1) as compiled:
        first, fourth = (compiled.run(100.0, trial=trial).spikes["cell"] for trial in (0, 3))
    assert fourth.trial.tolist() == [3] * len(fourth)
    assert fourth.n_trials == 1
    assert fourth.rates.tolist() == first.rates.tolist() == [len(first) / 0.1]


def test_a_duration_with_a_unit() -> None:
    assert run(small().build(), "10 ms", "reference", dt="100 us").duration == pytest.approx(10.0)


def test_stimuli_are_checked_before_anything_is_built() -> None:
    net = small()
    net.add(SpikeTrains("odd", "input", [0.25], [0]))
    (finding,) = check(net.build(), "reference", dt=0.1)
    assert (finding.code, finding.where) == ("spike_time_rounding", "stimulus 'odd', spike times")
    with pytest.raises(FindingsError, match="spike_time_rounding at stimulus 'odd'"):
        compile(net.build(), "reference", dt=0.1)
    recording = run(net.build(), 1.0, "reference", dt=0.1, accept=["spike_time_rounding"])
    assert [f.code for f in recording.findings if f.severity != "note"] == ["spike_time_rounding"]
    net.add(SpikeTrains("wrong", "cell", [1.0], [0], receptor="exc", weight="1 mV"))
    with pytest.raises(UnitError, match="stimulus 'wrong', weight: expected a quantity in nA"):
        check(net.build(), "reference", dt=0.1)


def test_export_into_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "taken"
    file.write_text("mine")
    with compile(small().build(), "reference", dt=0.1) as compiled:
        with pytest.raises(NeurobridgeError, match="'reference' has no standalone form"):
            compiled.export(file, 1.0)
        able = replace(compiled._backend.capabilities(), exports=True)
        monkeypatch.setattr(compiled._backend, "capabilities", lambda: able)
        with pytest.raises(NeurobridgeError, match="taken is a file, or not empty; choose a new"):
            compiled.export(file, 1.0)


def test_accept_is_a_list() -> None:
    with pytest.raises(NetworkError, match=r"accept: expected a list of names, got 'delay_ro"):
        compile(small().build(), "reference", dt=0.1, accept="delay_rounding")


def test_a_run_that_is_refused_changes_no_parameter() -> None:
    with compile(small().build(), "reference", dt=0.1) as compiled:
        before = compiled.run(50.0, seed=1)
        with pytest.raises(FindingsError, match="duration_below_dt"):
            compiled.run(0.0, parameters={"cell": {"v_thresh": -64.9}})
        after = compiled.run(50.0, seed=1)
        changed = compiled.run(50.0, seed=1, parameters={"cell": {"v_thresh": -64.9}})
    assert after.network_id == before.network_id != changed.network_id
    assert after.spikes == before.spikes
    assert changed.spikes["cell"] != before.spikes["cell"]


def test_spikes_are_sorted_and_typed() -> None:
    spikes = run(small().build(), 200.0, "reference", dt=0.1, seed=1).spikes["input"]
    assert (spikes.step.dtype, spikes.neuron.dtype) == (np.int64, np.int32)
    key = spikes.step * 3 + spikes.neuron
    assert (np.diff(key) > 0).all()


def test_a_run_that_diverges_says_so():
    b = NetworkBuilder()
    b.population("cell", 1, models.lif_exp.with_integrator("euler"), tau_m=0.01, c_m=1e-6)
    b.add(
        Current("push", "cell", amplitude=1.0),
        StateProbe("v", "cell", "v", neurons=np.array([0])),
    )
    network = b.build().with_parameters("cell", v_thresh=1e308)
    with np.errstate(all="ignore"):
        recording = run(network, 100.0, "reference", dt=0.1)
    assert recording.status == "degraded"
    assert "v of neuron 0 is" in recording.message
    assert "smaller dt" in recording.message


def test_a_closed_network_says_so(tmp_path: Path) -> None:
    with compile(small().build(), "reference", dt=0.1) as compiled:
        compiled.run(1.0)
    for use in (
        lambda: compiled.run(1.0),
        lambda: compiled.weights("syn"),
        lambda: compiled.export(tmp_path / "project", 1.0),
    ):
        with pytest.raises(BackendError, match=r"was closed on 'reference'.*compile it again"):
            use()


def test_a_simulator_that_is_there_but_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    from neurobridge.backends.reference import ReferenceBackend

    def broken(*_: object) -> None:
        raise ImportError("libsim.so.3: cannot open shared object file")

    monkeypatch.setattr(ReferenceBackend, "emit", broken)
    with pytest.raises(BackendUnavailableError, match=r"is installed, but cannot be.*libsim.so.3"):
        compile(small().build(), "reference", dt=0.1)
