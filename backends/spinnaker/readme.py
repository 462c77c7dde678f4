"""The README of a bundle."""

from __future__ import annotations

__all__ = ["bundle_readme"]

from collections.abc import Sequence

from neurobridge.backends.spinnaker.mapping import MachineMapping
from neurobridge.lowering.chip.network import ChipNetwork, ChipResult


def bundle_readme(
    network: ChipNetwork,
    expected: ChipResult,
    time_scale_factor: int,
    mapping: MachineMapping | None,
    reports: Sequence[str],
) -> str:
    """How to run a bundle, one command for each way, and what is known about it."""
    seconds = network.n_steps * network.dt / 1000 * time_scale_factor
    spikes = sum(step.size for step, _ in expected.spikes.values())
    return _TEXT.format(
        neurons=f"{sum(p.size for p in network.populations):,}",
        synapses=f"{sum(p.n_edges for p in network.projections):,}",
        steps=f"{network.n_steps:,}",
        dt=f"{network.dt:g}",
        seconds=f"{seconds:.3g}",
        scale="in real time"
        if time_scale_factor == 1
        else f"{time_scale_factor} times slower than real time",
        spikes=f"{spikes:,}",
        machine=_machine(mapping),
        reports="".join(f"* `{name}`: a report\n" for name in reports),
    )


def _machine(mapping: MachineMapping | None) -> str:
    if mapping is None:
        return "It has not been mapped onto a machine yet (`virtual board` below does that)."
    return f"Mapped onto a virtual board it takes {mapping.size_in_words}."


_TEXT = """\
# A network for SpiNNaker

{neurons} neurons and {synapses} synapses, for {steps} steps of {dt} ms: {seconds} s on the machine
({scale}), without loading. {machine}

**What is known.** `expected.npz` comes from a twin of the chip's arithmetic: an exact copy in
integers, which gives {spikes} spikes. (The last step is one more than described, for states at the
end; spikes in it are counted here and by `check.py`, and not in reports.)
The network has not been run on hardware. `check.py` says what your run is evidence of.

## Running it

    pip install -r requirements.txt
    touch ~/.spynnaker.cfg

(sPyNNaker wants that file to exist; what is in `spynnaker.cfg` here goes on top of it. Keep
passwords in the environment, not in files.)

A board on your desk (edit the address; `board_of_4_chips.cfg` for the small one):

    cp cfg/board.cfg spynnaker.cfg && python run.py spiNNaker && python check.py

Manchester's machine, or another spalloc server, with your account in the environment:

    export SPALLOC_USER=... SPALLOC_PASSWORD=...
    cp cfg/spalloc.cfg spynnaker.cfg && python run.py spiNNaker && python check.py

EBRAINS, which brings its own settings and starts `run.py {{system}}` (an account, a collab and a
quota are needed; `pip install hbp-neuromorphic-platform`):

    import nmpi
    client = nmpi.Client("your-ebrains-name")
    client.submit_job(source=".", platform="SpiNNaker", collab_id="your-collab",
                      command="run.py {{system}}")

or `nmpi run -p SpiNNaker run.py`; download `results.npz` into this folder, then `python check.py`.

Without hardware, the programs for the chip in a model of it
(`pip install "neurobridge-sim[spinnaker-sim]"`):

    cp cfg/virtual.cfg spynnaker.cfg
    python -m neurobridge.backends.spinnaker.softboard run.py spiNNaker && python check.py

A virtual board, which maps the network and computes nothing:

    cp cfg/virtual.cfg spynnaker.cfg && python run.py spiNNaker

Any other simulator of PyNN, with its own arithmetic and so with other spikes:

    python run.py nest

## What is in here

* `run.py`: plain PyNN and NumPy; takes the name of the simulator
* `manifest.json`, `arrays.npz`: the network and its input
* `check.py`, `expected.npz`: compares `results.npz` with the twin and reads the provenance
* `cfg/`: settings of sPyNNaker without passwords
{reports}
A result in which packets were lost or late, sums saturated or the clock overran is not to be
trusted; `check.py` names them and exits with 1.
"""
