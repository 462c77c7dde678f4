"""The C. elegans connectome on three simulators: every spike is the same.

python examples/identical_spikes.py
"""

from neurobridge import Poisson, StateProbe, compare, models, to_network
from neurobridge.connectome import Argmax, load

worm = load("celegans", gap_junctions=False).with_signs(Argmax("celegans"), unknown="drop")
print(worm.describe())

network = to_network(worm, models.lif_exp, weight="30 pA", delay="1 ms", tau_syn_inh="20 ms")
cells = network.population("neurons")
network = network.with_stimulus(
    Poisson("touch", "neurons", rate=15.0, neurons=cells.where(role="sensory"), receptor="exc",
            weight="1.5 nA")
).with_probe(StateProbe("membrane", "neurons", "v", neurons=cells.where(name="AVAL")))  # fmt: skip

comparison = compare(network, 500.0, ["reference", "brian2", "nest"], dt=0.1, seed=1)
print(comparison.headline)
for entry in comparison.entries:
    print(f"{entry.name:10} {entry.spikes:6,} spikes, run {entry.run_s:.2f} s")
raise SystemExit(0 if comparison.identical else 3)
