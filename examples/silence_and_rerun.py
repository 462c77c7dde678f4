"""Edits make new networks; a compiled network runs again without being built again.

python examples/silence_and_rerun.py
"""

import numpy as np

from neurobridge import compile, load_experiment

network = load_experiment("celegans").network()
cells = network.population("neurons")
command = cells.where(name=["AVAL", "AVAR", "AVBL", "AVBR"])

without = network.silence("neurons", command, direction="outgoing")
print(without.history[-1].name, "of", [op.name for op in without.history])

with compile(network, "reference", dt=0.1) as intact, compile(without, dt=0.1) as silenced:
    for seed in range(3):
        rates = [c.run(500.0, seed=seed).spikes["neurons"].rates for c in (intact, silenced)]
        motor = cells.where(role="motor")
        before, after = (np.mean(r[motor]) for r in rates)
        print(f"seed {seed}: motor neurons {before:.2f} Hz, without AVA and AVB {after:.2f} Hz")
