"""A trained speech network on SpiNNaker's arithmetic: is the winning class the same?

The network is the 70-128-20 teacher of the ccSNN study (Spiking Heidelberg Digits, validation
accuracy 0.86), whose weights lie among the reference data outside the repository; without them they
are drawn. It was trained in torch on the equations

    I' = alpha I + x W1 + S V        S = 1 where v > 1, and v' = reset there
    v' = beta v + (1 - beta) (I - I_c)

with a readout of two leaky stages without threshold; the class is the unit with the largest
output. A description says the same in the terms of a neuron: currents that jump by w / mean, where
``mean = (tau/dt) (1 - exp(-dt/tau))`` is what the chip multiplies every weight by; ``-I_c`` as a
constant current (ccSNN's own script exported ``+I_c``), one step of refractoriness (a spike costs
its neuron a step), weights on the receptor of their sign, and delays of one step.

Every random input has a copy of the network of its own, which starts at rest. The copies run on the
equations themselves in float64, on the reference, on torch, on the twin, and (``--chip-model``) on
the binaries of sPyNNaker in the chip model. Nothing here has run on hardware.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import neurobridge as nb
from neurobridge import models
from neurobridge.rng import generator

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "ccsnn_shd_teacher"
WEIGHTS = "trained_shd_valacc0.86.npz"
DT = 2.0
TAU_SYN, TAU_OUT, TAU_SYN_OUT = 40.0, 80.0, 40.0
NEVER = 32767.0
"""A threshold that the readout does not reach, and that s16.15 holds."""
SPOKEN, STEPS = 150, 200
"""Steps of an input, and of a trial."""
CLASSES = 20
COPIES = 20
"""Inputs that run side by side."""
say = Console(stderr=True).print


def load_weights(folder: Path = DATA) -> dict[str, np.ndarray]:
    """Arrays ``w1`` (70, 128), ``v`` (128, 128), ``w2`` (128, 20), ``I_c`` and ``beta`` (128,).

    Without the trained ones, drawn ones of the same size and spread.
    """
    if folder.is_dir():
        with np.load(folder / WEIGHTS) as file:
            return {n: file[n].astype(np.float64) for n in ("w1", "v", "w2", "I_c", "beta")}
    say("the trained weights are not on this machine: these are drawn, and mean nothing")
    rng = generator(0, "weights", "stand-in for a trained network")
    return {
        "w1": rng.normal(0.0, 0.15, (70, 128)),
        "v": rng.normal(0.01, 0.15, (128, 128)),
        "w2": rng.normal(-0.07, 0.5, (128, 20)),
        "I_c": rng.permutation(np.linspace(-1.0, 1.0, 128)),
        "beta": np.exp(-DT / rng.uniform(40.0, 160.0, 128)),
    }


def mean_of_a_step(tau: float) -> float:
    """The mean of ``exp(-t/tau)`` over a step."""
    return tau / DT * -np.expm1(-DT / tau)


def describe(weights: dict[str, np.ndarray], copies: int = 1) -> nb.Network:
    """The network, with ``I_c`` as a constant current; ``tau_m / c_m`` is 1 MOhm."""
    hidden = weights["I_c"].size
    tau = np.tile(-DT / np.log(weights["beta"]), copies)
    rest: dict[str, Any] = {"v_rest": 0.0, "v_reset": 0.0}
    b = nb.NetworkBuilder()
    b.population("channels", copies * weights["w1"].shape[0], models.spike_source)
    b.population(
        "hidden", copies * hidden, models.lif_exp, **rest, v_thresh=1.0, tau_m=tau, c_m=tau,
        t_ref=DT, tau_syn_exc=TAU_SYN, tau_syn_inh=TAU_SYN,
        i_offset=np.tile(-weights["I_c"], copies),
    )  # fmt: skip
    b.population(
        "output", copies * CLASSES, models.lif_exp, **rest, v_thresh=NEVER, tau_m=TAU_OUT,
        c_m=TAU_OUT, t_ref=0.0, tau_syn_exc=TAU_SYN_OUT, tau_syn_inh=TAU_SYN_OUT,
    )  # fmt: skip
    for name, pre, post, matrix, tau_syn in (
        ("input", "channels", "hidden", weights["w1"], TAU_SYN),
        ("recurrent", "hidden", "hidden", weights["v"], TAU_SYN),
        ("readout", "hidden", "output", weights["w2"], TAU_SYN_OUT),
    ):
        one = np.argwhere(matrix != 0)
        shift = np.arange(copies)[:, None, None] * np.array(matrix.shape)
        weight = np.tile(matrix[matrix != 0] / mean_of_a_step(tau_syn), copies)
        b.connect(name, pre, post, (one + shift).reshape(-1, 2), weight=weight, delay=DT)
    b.add(nb.SpikeProbe("spikes", "hidden"), nb.StateProbe("score", "output", "v"))
    return b.build()


def random_inputs(n: int, n_channels: int, seed: int = 0) -> np.ndarray:
    """``n`` inputs, bool (n, SPOKEN, n_channels): a band of channels that moves and fades."""
    rng = generator(seed, "stimulus", "random speech")
    t, channel = np.arange(SPOKEN)[:, None], np.arange(n_channels)[None, :]
    spikes = np.zeros((n, SPOKEN, n_channels), dtype=bool)
    for spoken in spikes:
        rate = np.full((SPOKEN, n_channels), 0.002)
        for _ in range(3):
            place = rng.uniform(0, n_channels) + rng.uniform(-0.3, 0.3) * (t - SPOKEN / 2)
            when, width = rng.uniform(0, SPOKEN), rng.uniform(10, 60)
            loud = np.exp(-(((t - when) / width) ** 2))
            rate += rng.uniform(0.05, 0.3) * loud * np.exp(-(((channel - place) / 8.0) ** 2))
        spoken[:] = rng.random(rate.shape) < rate
    return spikes


def stimulus(inputs: np.ndarray) -> nb.SpikeTrains:
    """Each input as spikes of the channels of its copy."""
    copy, step, channel = np.nonzero(inputs)
    neuron = copy * inputs.shape[2] + channel
    return nb.SpikeTrains("speech", "channels", time=step * DT, neuron=neuron)


def by_equations(weights: dict[str, np.ndarray], inputs: np.ndarray) -> tuple[np.ndarray, int]:
    """The equations in float64: output after each step, (n, STEPS, 20), and the spikes."""
    alpha, beta = np.exp(-DT / TAU_SYN), weights["beta"]
    alpha_out, beta_out = np.exp(-DT / TAU_SYN_OUT), np.exp(-DT / TAU_OUT)
    n = inputs.shape[0]
    v = current = np.zeros((n, beta.size))
    f = out = np.zeros((n, CLASSES))
    scores, spikes = np.empty((n, STEPS, CLASSES)), 0
    for t in range(STEPS):
        drive = inputs[:, t] if t < SPOKEN else np.zeros_like(inputs[:, 0])
        fires = v > 1.0
        spikes += int(fires.sum())
        v, current = (
            np.where(fires, 0.0, beta * v + (1 - beta) * (current - weights["I_c"])),
            alpha * current + drive @ weights["w1"] + fires @ weights["v"],
        )
        out, f = beta_out * out + (1 - beta_out) * f, alpha_out * f + fires @ weights["w2"]
        scores[:, t] = out
    return scores, spikes


def by_backend(
    weights: dict[str, np.ndarray], inputs: np.ndarray, backend: str, **settings: Any
) -> tuple[np.ndarray, int]:
    """The same through the description, a batch of copies after the other."""
    scores, spikes = [], 0
    for i in range(0, len(inputs), COPIES):
        batch = inputs[i : i + COPIES]
        network = describe(weights, len(batch)).with_stimulus(stimulus(batch))
        recording = nb.run(network, STEPS * DT, backend, dt=DT, **settings)
        if recording.status != "ok":
            raise SystemExit(f"{backend}: {recording.status}, {recording.message}")
        score = recording.signals["score"].values.reshape(STEPS, len(batch), CLASSES)
        scores.append(score.swapaxes(0, 1))
        spikes += len(recording.spikes["spikes"])
    return np.concatenate(scores), spikes


def winners(scores: np.ndarray) -> np.ndarray:
    """The class of every input: the unit with the largest output at any time."""
    return scores.max(axis=1).argmax(axis=1)


def run_all(n: int, chip_model: bool, seed: int = 0, folder: Path = DATA) -> list[dict[str, Any]]:
    """One row per way of running, compared step by step with the equations and with the twin."""
    weights = load_weights(folder)
    inputs = random_inputs(n, weights["w1"].shape[0], seed)
    backends: dict[str, dict[str, Any]] = {"reference": {}, "torch": {}, "fixedpoint": {}}
    if chip_model:
        backends["spinnaker"] = {"machine": "softboard"}
    ways = {"equations": by_equations(weights, inputs)}
    for backend, settings in backends.items():
        say(f"{backend} ...")
        ways[backend] = by_backend(weights, inputs, backend, **settings)
    wanted, twin = ways["equations"][0], ways["fixedpoint"][0]
    return [_row(name, *way, wanted, twin) for name, way in ways.items()]


def _row(
    name: str, scores: np.ndarray, spikes: int, wanted: np.ndarray, twin: np.ndarray
) -> dict[str, Any]:
    difference = np.abs(scores - wanted)
    return {
        "way": name,
        "spikes": spikes,
        "inputs": len(scores),
        "same_class": int((winners(scores) == winners(wanted)).sum()),
        "median_difference": float(np.median(difference)),
        "largest_difference": float(difference.max()),
        "largest_output": float(np.abs(wanted).max()),
        "identical_to_twin": bool(np.array_equal(scores, twin)),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=200, help="random inputs")
    parser.add_argument("--chip-model", action="store_true", help="also the shipped binaries")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    rows = run_all(given.inputs, given.chip_model, given.seed)
    if given.json:
        print(json.dumps(rows, indent=2))
        return
    table = Table("run by", "spikes", "same class", "median |d|", "largest |d|", "as the twin")
    for r in rows:
        table.add_row(
            r["way"], f"{r['spikes']:,}", f"{r['same_class']} of {r['inputs']}",
            f"{r['median_difference']:.2g}", f"{r['largest_difference']:.2g}",
            "identical" if r["identical_to_twin"] else "",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
