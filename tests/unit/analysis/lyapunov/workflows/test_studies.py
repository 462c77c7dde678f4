"""Spectra, sweeps, transitions, convergence and benchmarks of small networks."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import neurobridge
from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov.workflows import (
    Measurement,
    Spread,
    benchmark,
    convergence,
    matrix_networks,
    random_networks,
    spectra,
    sweep,
    transition,
)
from neurobridge.errors import FileFormatError, NetworkError, UnknownNameError

SHORT = {"time": 20.0, "transient": 20.0, "warm_up": 10.0, "progress": False}


def abscissa(n, seed):
    """Largest real part of the eigenvalues of a random matrix at g = 1."""
    return np.linalg.eigvals(lyapunov.random_matrix(n, 1.0, seed=seed)).real.max()


def saved(study, folder):
    study.save(folder)
    document = json.loads((folder / "result.json").read_text())
    tables = {p.stem: pd.read_parquet(p) for p in folder.glob("*.parquet")}
    assert document["settings"]["versions"]["neurobridge"] == neurobridge.__version__
    assert list((folder / "figures").glob("*.png"))
    return document, tables


def test_spectra_are_those_of_the_package(tmp_path):
    ensemble = random_networks(20, 2.0)
    study = spectra(ensemble, samples=2, seed=3, k=4, **SHORT)
    for i, seed in enumerate((3, 4)):
        system = lyapunov.of_network(lyapunov.random_network(20, 2.0, seed=seed))
        options = {k: v for k, v in SHORT.items() if k != "progress"}
        expected = lyapunov.spectrum(system, 4, seed=seed, progress=False, **options)
        np.testing.assert_array_equal(study.spectra[i].exponents, expected.exponents)
    rows = study.table[study.table["sample"] == 1]
    assert rows["exponent"].tolist() == study.spectra[1].exponents.tolist()
    blocks = study.blocks.groupby(["sample", "index"])["mean"].mean()
    np.testing.assert_allclose(blocks.loc[1], study.spectra[1].exponents)
    document, tables = saved(study, tmp_path / "out")
    assert document["spectra"][0]["exponents"] == study.spectra[0].exponents.tolist()
    assert document["settings"]["networks"]["n"] == 20
    assert document["settings"]["measurement"]["k"] == 4
    pd.testing.assert_frame_equal(tables["table"], study.table)
    with pytest.raises(FileFormatError, match="is not empty"):
        study.save(tmp_path / "out")


def test_a_single_exponent_is_drawn():
    for samples in (1, 2):
        study = spectra(random_networks(10, 2.0), samples=samples, k=1, **SHORT)
        assert study.draw().axes


def test_threads_do_not_change_what_comes_out():
    one, two = (
        spectra(random_networks(15, 2.0), samples=3, k=2, threads=t, **SHORT) for t in (1, 2)
    )
    pd.testing.assert_frame_equal(one.table, two.table)


def test_a_transition_below_and_at_the_edge(tmp_path):
    """At rest the largest exponent is the spectral abscissa less one (tanh has slope 1 at 0)."""
    n, samples, values = 40, 4, [0.4, 0.7, 1.6, 2.0]
    study = transition(
        random_networks(n), values, samples=samples, time=200.0, transient=400.0, warm_up=100.0,
        progress=False,
    )  # fmt: skip
    expected = np.array([abscissa(n, seed) for seed in range(samples)])
    for sample, a in enumerate(expected):
        rows = study.table[(study.table["sample"] == sample) & (study.table["value"] < 1)]
        np.testing.assert_allclose(rows["exponent"], rows["value"] * a - 1, atol=0.02)
        assert set(rows["state"]) == {"stable"}
    above = study.table[study.table["value"] > 1]
    assert (study.edge.each >= 0.7).all()
    assert (study.edge.each[np.isfinite(study.edge.each)] <= 2.0).all()
    assert (above["exponent"] > -0.5).all()
    medians = study.medians.set_index("value")
    assert medians.loc[0.4, "median"] == pytest.approx(np.median(0.4 * expected - 1), abs=0.02)
    assert set(medians["coverage"]) == {0.875}
    assert (study.theory["exponent"].iloc[0]) == pytest.approx(0.4 - 1)
    document, tables = saved(study, tmp_path / "out")
    assert set(tables) == {"table", "medians", "mean_field"}
    assert document["edge"]["networks"] == samples
    assert document["settings"]["values"] == values


@pytest.mark.slow
def test_the_transition_of_random_networks_is_near_one_and_follows_mean_field_theory():
    study = transition(
        random_networks(400), [0.8, 0.9, 1.0, 1.1, 1.2, 2.0, 3.0], samples=6, time=300.0,
        progress=False, threads=2,
    )  # fmt: skip
    assert study.edge.low <= study.edge.value <= study.edge.high
    assert study.edge.value == pytest.approx(1.0, abs=0.2)  # Sompolinsky et al. (1988): 1
    for value in (2.0, 3.0):
        median = study.medians.set_index("value").loc[value, "median"]
        theory = np.interp(value, study.theory["value"], study.theory["exponent"])
        assert median == pytest.approx(theory, abs=0.05)  # at N = 400


def test_gains_and_shifts_are_varied(seed):
    matrix = lyapunov.random_matrix(12, 0.8, seed=1)
    networks = matrix_networks(matrix, name="small")
    study = sweep(
        networks, [0.0, 0.3], parameters=["gains"], samples=2, seed=seed, k=1, time=100.0,
        transient=200.0, warm_up=100.0, progress=False,
    )  # fmt: skip
    for _, row in study.table.iterrows():
        drawn = networks.varied(gain=Spread(1.0, row["value"])).network(int(row["seed"]))
        gain = np.broadcast_to(drawn.population("neurons").parameters["gain"], 12)
        at_rest = np.linalg.eigvals(matrix * gain[None, :]).real.max() - 1  # tanh(gain x) at x = 0
        assert row["maximal"] == pytest.approx(at_rest, abs=0.02)
    at_zero = study.table[study.table["value"] == 0.0]["maximal"]
    assert np.ptp(at_zero) < 1e-3, "gains are the same for all seeds"
    root = sweep(
        networks, [0.3 * np.sqrt(12)], parameters=["gains"], per_root_n=True, samples=2, seed=seed,
        k=1, time=100.0, transient=200.0, warm_up=100.0, progress=False,
    )  # fmt: skip
    expected = study.table[study.table["value"] == 0.3]["maximal"].to_numpy()
    np.testing.assert_allclose(root.table["maximal"], expected)


def test_a_sweep_has_dimensions_entropies_and_spectra(tmp_path):
    study = sweep(random_networks(20), [1.0, 4.0], samples=2, **SHORT)
    assert len(study.table) == 4
    assert len(study.exponents) == 4 * 20
    row = study.table.iloc[3]
    own = study.exponents[(study.exponents["value"] == 4.0) & (study.exponents["sample"] == 1)]
    assert own["exponent"].sum() == pytest.approx(row["sum"])
    assert row["sum"] == pytest.approx(-20, abs=0.02)  # zero diagonal
    assert row["dimension_per_n"] == row["dimension"] / 20
    document, tables = saved(study, tmp_path / "out")
    assert set(tables) == {"table", "exponents", "medians"}
    assert document["parameter"] == "strength g"


def test_ways_of_renormalising_agree_on_one_trajectory(tmp_path):
    study = convergence(
        random_networks(30, 3.0), 8, intervals=(None, 0.5, 40.0), kinds=("householder", "lu"),
        starts=2, **{**SHORT, "time": 60.0},
    )  # fmt: skip
    assert len(study.variants) == 6
    assert study.between_variants["difference"].max() < 1e-10
    runs = study.table.groupby(["renormalise", "interval", "start"], dropna=False).size()
    assert len(runs) == 12
    assert (runs.groupby("start").nunique() == 1).all(), "the same blocks for all ways"
    assert (runs / 8).between(80, 100).all()
    last = study.table[study.table["time"] == study.table["time"].max()]
    merged = last.merge(study.final, on=["renormalise", "start", "index"], suffixes=("", "_"))
    same = merged[merged["interval"].eq(merged["interval_"])]
    np.testing.assert_allclose(same["running"], same["exponent"])
    starts = study.between_starts
    two = study.final.groupby("index")["exponent"].apply(lambda e: e.iloc[:2].std())
    assert starts["sd"].iloc[0] == pytest.approx(two.iloc[0])
    document, tables = saved(study, tmp_path / "out")
    assert set(tables) == {"table", "final"}
    assert document["between_starts"]["index"] == list(range(1, 9))


def test_a_benchmark_has_every_test(tmp_path):
    study = benchmark(
        random_networks(20, 3.0), intervals=(0.5, None), kinds=("lu", "cholesky"),
        shares=(0.1, 1.0), times=(10.0, 30.0), sizes=(10, 20), **SHORT,
    )  # fmt: skip
    counts = study.table["test"].value_counts().to_dict()
    assert counts == {"interval": 6, "exponents": 2, "time": 2, "size": 2, "reference": 1}
    compared = study.table[study.table["test"] == "interval"].set_index("precision")["difference"]
    assert compared.loc["float64"].max() < 1e-11
    assert 1e-12 < compared.loc["mixed"].max() < 1e-4
    assert study.table[study.table["test"] == "exponents"]["k"].tolist() == [2, 20]
    assert (study.table["seconds"] > 0).all()
    saved(study, tmp_path / "out")


def test_what_cannot_be_measured_is_refused(seed):
    ensemble = random_networks(10, 1.5)
    with pytest.raises(UnknownNameError, match="unknown option of a measurement 'tme'; did you"):
        spectra(ensemble, tme=3.0)
    with pytest.raises(NetworkError, match="a system of 10 states has 10 exponents, and 11 were"):
        spectra(ensemble, k=11, **SHORT)
    with pytest.raises(NetworkError, match=r"dt = 3 is too large .* up to dt = 0\.\d+"):
        spectra(ensemble, dt=3.0, **SHORT)
    with pytest.raises(NetworkError, match="expected at least 2 numbers >= 0 that ascend"):
        transition(ensemble, [1.0], **SHORT)
    with pytest.raises(NetworkError, match="that ascend"):
        sweep(ensemble, [2.0, 1.0], **SHORT)
    with pytest.raises(UnknownNameError, match="unknown parameter to vary 'gain'; did you mean"):
        sweep(ensemble, [1.0], parameters=["gain"], **SHORT)
    with pytest.raises(NetworkError, match="expected each once"):
        sweep(ensemble, [1.0], parameters=["gains", "gains"], **SHORT)
    with pytest.raises(NetworkError, match="samples: expected a whole number, at least 1"):
        spectra(ensemble, samples=0, **SHORT)
    with pytest.raises(NetworkError, match="threads: expected a whole number >= 1"):
        spectra(ensemble, threads=0, **SHORT)
    with pytest.raises(UnknownNameError, match="unknown test of the benchmark 'times'"):
        benchmark(ensemble, tests=["times"])
    with pytest.raises(NetworkError, match=r"share of the exponents: expected a number in \(0, 1"):
        benchmark(ensemble, share=1.5)
    with pytest.raises(NetworkError, match="has one size only; leave out the test 'size'"):
        benchmark(matrix_networks(np.eye(3)), tests=["size"])


def test_more_tangent_vectors_than_memory_holds_are_refused():
    with pytest.raises(NetworkError, match=r"133,436 tangent vectors .* need 142 GB; ask for"):
        Measurement(k="all")._check_size(133_436)
    Measurement(k=20)._check_size(133_436)


def test_an_error_that_is_not_reached_is_said():
    study = spectra(random_networks(10, 3.0), k=1, error=1e-9, **SHORT)
    assert study.spectra[0].status == "not_converged"
    assert study.warning == "1 of 1 networks: not_converged"
    assert study.to_dict()["warning"] == study.warning


@pytest.mark.parametrize("samples", [1, 2])
def test_figures_say_networks_meaning_and_unit(samples):
    study = spectra(random_networks(8, 2.0), samples=samples, k=2, meaning="map", **SHORT)
    assert (
        study.draw()
        .get_suptitle()
        .startswith("map, dt" if samples == 1 else "random, N = 8; map, exponents per tau")
    )
    swept = sweep(random_networks(8), [1.0, 2.0], samples=samples, k=2, **SHORT)
    assert "random, N = 8; flow, exponents per tau" in swept.draw().get_suptitle()


def test_theory_has_values_between_those_measured():
    study = transition(random_networks(8), [0.2, 0.9], samples=1, **SHORT)
    assert len(study.theory) == 13
    np.testing.assert_allclose(study.theory["exponent"], study.theory["value"] - 1, atol=1e-9)
    assert transition(
        random_networks(8, activation="relu"), [0.2, 0.9], samples=1, **SHORT
    ).tables().keys() == {"table", "medians"}


def test_networks_that_diverge_do_not_end_the_others(monkeypatch):
    measure = Measurement.spectrum

    def diverging(self, network, seed=0):
        if seed == 1:
            raise lyapunov.DivergedError(0, 1, 2.0)
        return measure(self, network, seed)

    monkeypatch.setattr(Measurement, "spectrum", diverging)
    study = spectra(random_networks(8, 2.0), samples=3, k=2, **SHORT)
    assert [s.seed for s in study.spectra] == [0, 2]
    assert study.table["status"].tolist().count("diverged") == 1
    assert study.table.set_index("seed").loc[1, "index"] == 0
    assert "diverged" in study.warning
    assert len(study.draw().axes) > 1
    over = transition(random_networks(8, 2.0), [0.5, 1.0], samples=3, **SHORT)
    assert over.table[over.table["sample"] == 1]["state"].tolist() == ["diverged"] * 2
    assert over.medians["n"].tolist() == [2, 2]
    assert over.chaos.each.size == 2
    assert over.edge.each[1] == -np.inf, "it is stable nowhere"
    with pytest.raises(lyapunov.DivergedError):
        spectra(random_networks(8, 2.0), samples=1, seed=1, k=2, **SHORT)
