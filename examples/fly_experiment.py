"""Activate neurons, see who responds, silence some, and compare with null models.

python examples/fly_experiment.py                                    # the worm, embedded
python examples/fly_experiment.py --data ../shared/data/flywire783   # the fly, if you have it

The experiments are those of Shiu et al. (2024), Nature 634:210. On the fly they are theirs: sugar
neurons are driven, motor neurons of the proboscis read. The worm's neurons are mostly graded, so
there the same model shows the method and not the animal.
"""

import argparse
import os
import time
from pathlib import Path

import pandas as pd
from rich.progress import Progress

from neurobridge import models, to_network
from neurobridge.connectome import Argmax, load, rewired, shuffled_counts, shuffled_signs
from neurobridge.perturbation import (
    Trials,
    activate,
    draw_screen,
    draw_sweeps,
    silencing_screen,
    sweep_rates,
)

FLY_TABLES = {
    "dataset": "flywire783",
    "nodes": {
        "file": "nodes.parquet",
        "id": "root_id",
        "labels": {
            "super_class": "super_class", "sub_class": "sub_class", "cell_type": "cell_type",
            "side": "side", "nt": "nt_filled",
        },
    },
    "edges": {
        "file": "edges.parquet", "refers_to": "idx", "pre": "pre", "post": "post",
        "count": "syn_count",
    },
}  # fmt: skip

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--data", help="folder with nodes.parquet and edges.parquet of FlyWire 783")
parser.add_argument("--network", choices=["celegans"], default="celegans")
parser.add_argument("--trials", type=int, default=30)
parser.add_argument("--duration", type=float, default=1000.0, help="of a trial, in ms")
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--out", type=Path, default=Path(), help="folder for the figures")
given = parser.parse_args()

if given.data:
    connectome = load("table", given.data, mapping=FLY_TABLES)
    connectome = connectome.with_signs(Argmax("fly"), unknown="drop")
    per_synapse, by = "0.275 mV", "super_class"
    activated = "sub_class == 'sugar/water' and side == 'left'"
    targets = {"proboscis": "sub_class == 'proboscis_motor_neuron'",
               "motor": "super_class == 'motor'"}  # fmt: skip
else:
    connectome = load("celegans", gap_junctions=False)
    connectome = connectome.with_signs(Argmax("celegans"), unknown="drop")
    per_synapse, by = "0.8 mV", "role"  # chosen so that activity spreads without saturating
    activated = ["ALML", "ALMR", "AVM", "PLML", "PLMR"]  # the touch receptor neurons
    targets = {"command": ["AVAL", "AVAR", "AVBL", "AVBR", "AVDL", "AVDR", "PVCL", "PVCR"],
               "motor": "role == 'motor'"}  # fmt: skip


def network_of(wiring):
    """The fly model on a connectome."""
    return to_network(
        wiring, models.shiu_lif, weight=per_synapse, delay="1.8 ms", receptor="syn"
    )  # fmt: skip


rates = [50.0, 100.0, 150.0, 200.0]
trials = Trials(
    given.trials, duration=given.duration, threads=given.threads, how={"backend": "native"}
)
start = time.perf_counter()
with Progress(transient=True) as bars:

    def following(title, total):
        """A bar for some work."""
        task = bars.add_task(title, total=total)
        return lambda done: bars.update(task, completed=done)

    def swept(title, wiring):
        """The sweep of a connectome."""
        steps = following(title, len(rates) * given.trials)
        return sweep_rates(network_of(wiring), activated, rates, trials, progress=steps)

    sweeps = {"intact": swept("intact", connectome)}
    found = sweeps["intact"].responders(150.0)

    strongest = found[~found["driven"] & (found["cell_type"] != "")]["cell_type"].unique()[:6]
    sets = {name: f"cell_type == {name!r}" for name in strongest}
    screen = silencing_screen(
        activate(network_of(connectome), activated, 150.0), sets, targets, trials,
        progress=following("silencing", (1 + len(sets)) * given.trials),
    )  # fmt: skip

    rewiring = following("rewiring", 100)
    sweeps["rewired"] = swept("rewired", rewired(connectome, seed=1, progress=rewiring))
    sweeps["counts shuffled"] = swept("counts", shuffled_counts(connectome, seed=1))
    sweeps["signs shuffled"] = swept("signs", shuffled_signs(connectome, seed=1))

pd.set_option("display.width", 110, "display.float_format", "{:.3g}".format)
print(f"{connectome!r}")
print(f"\n{len(found)} neurons fire when the set is driven at 150 Hz; the strongest not driven:")
columns = ["id", "cell_type", by, "rate", "sd", "active"]
print(found[~found["driven"]][columns].head(10).to_string(index=False))
print(f"\nSilencing cell types among them, one at a time, {given.trials} trials:")
print(screen.drop(columns=["p", "intact"]).to_string(index=False))
print("\nThe same drive, in null models:")
for name, sweep in sweeps.items():
    counts = sweep.counts().set_index("drive").loc[150.0]
    heard = sweep.targets(targets).set_index(["target", "drive"])["rate"]
    said = ", ".join(f"{t} {heard[t, 150.0]:.2f} Hz" for t in targets)
    print(f"{name:>16}: {counts['not_driven']:.0f} responders, {said}")
draw_sweeps(sweeps, targets).savefig(given.out / "fly_experiment.png", dpi=150)
draw_screen(screen).savefig(given.out / "fly_experiment_silencing.png", dpi=150)
runs = given.trials * (len(rates) * len(sweeps) + len(sets) + 1)
print(f"\n{runs} trials in {time.perf_counter() - start:.0f} s; fly_experiment.png, "
      "fly_experiment_silencing.png")  # fmt: skip
