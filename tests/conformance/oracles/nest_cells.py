"""Freeze what NEST's own cells do, in a script that knows NEST alone; writes nest_cells.json.

Each cell gets one synaptic event and a current step, on a grid of 0.01 ms; conductance cells are
integrated by NEST's adaptive Runge-Kutta-Fehlberg method. The membrane is kept every 0.5 ms, and
where it crosses 0 mV upwards, interpolated. Made with NEST 3.10.
"""

from __future__ import annotations

import json
from pathlib import Path

import nest
import numpy as np

CELLS = {
    "iaf_cond_exp": {
        "C_m": 250.0, "g_L": 12.5, "E_L": -65.0, "V_reset": -65.0, "V_th": -50.0, "t_ref": 2.0,
        "E_ex": 0.0, "E_in": -80.0, "tau_syn_ex": 5.0, "tau_syn_in": 5.0,
    },
    "aeif_cond_exp": {
        "C_m": 281.0, "g_L": 30.0, "E_L": -70.6, "V_reset": -70.6, "V_th": -50.4, "Delta_T": 2.0,
        "V_peak": 0.0, "a": 4.0, "b": 80.5, "tau_w": 144.0, "t_ref": 0.0, "E_ex": 0.0,
        "E_in": -80.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0, "gsl_error_tol": 1e-10,
    },
    "hh_cond_exp_traub": {
        "C_m": 200.0, "g_L": 10.0, "g_Na": 20000.0, "g_K": 6000.0, "E_L": -60.0, "E_Na": 50.0,
        "E_K": -90.0, "V_T": -63.0, "E_ex": 0.0, "E_in": -80.0, "tau_syn_ex": 5.0,
        "tau_syn_in": 10.0, "t_ref": 0.0,
    },
    "iaf_psc_alpha": {
        "C_m": 250.0, "tau_m": 20.0, "E_L": -65.0, "V_reset": -65.0, "V_th": -50.0, "t_ref": 2.0,
        "tau_syn_ex": 5.0, "tau_syn_in": 5.0,
    },
}  # fmt: skip
"""Cell -> parameters in NEST's units (pF, nS, pA, mV, ms): the defaults of neurobridge.models."""

STEP = {
    "iaf_cond_exp": 250.0,
    "aeif_cond_exp": 800.0,
    "hh_cond_exp_traub": 300.0,
    "iaf_psc_alpha": 250.0,
}
"""Current in pA from 20 ms on."""

EVENT = {
    "iaf_cond_exp": 5.0,
    "aeif_cond_exp": 5.0,
    "hh_cond_exp_traub": 2.0,
    "iaf_psc_alpha": 100.0,
}
"""Weight in nS (pA for the alpha current) of the event at 5 ms."""

DURATION = 120.0


def record(name: str) -> dict[str, list[float]]:
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR if hasattr(nest, "VerbosityLevel") else "M_ERROR"
    nest.resolution = 0.01
    cell = nest.Create(name, params=CELLS[name])
    cell.V_m = CELLS[name]["E_L"]
    if name == "hh_cond_exp_traub":
        cell.set(gates_at_rest())
    spike = nest.Create("spike_generator", params={"spike_times": [4.0]})
    step = nest.Create("step_current_generator")
    step.set(amplitude_times=[19.0], amplitude_values=[STEP[name]])
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 0.01})
    spikes = nest.Create("spike_recorder")
    nest.Connect(spike, cell, syn_spec={"weight": EVENT[name], "delay": 1.0})
    nest.Connect(step, cell, syn_spec={"delay": 1.0})
    nest.Connect(meter, cell)
    nest.Connect(cell, spikes)
    nest.Simulate(DURATION)
    t, v = np.array(meter.events["times"]), np.array(meter.events["V_m"])
    up = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
    crossing = t[up] + (0 - v[up]) / (v[up + 1] - v[up]) * 0.01
    kept = np.rint(t / 0.01).astype(int) % 50 == 0
    return {
        "v": [round(x, 9) for x in v[kept].tolist()],
        "spikes": [round(x, 6) for x in np.sort(spikes.events["times"]).tolist()],
        "upward": [round(x, 6) for x in crossing.tolist()],
    }


def gates_at_rest() -> dict[str, float]:
    """Steady state of the gates at -60 mV, i.e. 3 mV above V_T."""
    x = 3.0
    a_m, b_m = 0.32 * (13 - x) / np.expm1((13 - x) / 4), 0.28 * (x - 40) / np.expm1((x - 40) / 5)
    a_h, b_h = 0.128 * np.exp((17 - x) / 18), 4 / (1 + np.exp((40 - x) / 5))
    a_n, b_n = 0.032 * (15 - x) / np.expm1((15 - x) / 5), 0.5 * np.exp((10 - x) / 40)
    gates = {"Act_m": (a_m, b_m), "Inact_h": (a_h, b_h), "Act_n": (a_n, b_n)}
    return {name: a / (a + b) for name, (a, b) in gates.items()}


if __name__ == "__main__":
    frozen = {"nest": nest.__version__, **{name: record(name) for name in CELLS}}
    Path(__file__).with_suffix(".json").write_text(json.dumps(frozen, indent=None) + "\n")
