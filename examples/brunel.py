"""The sparse random network of Brunel (2000): its rate against the theory, and a picture.

python examples/brunel.py --regime C --order 2500 --duration 1200
"""

import argparse
from pathlib import Path

from rich.console import Console

from neurobridge import run
from neurobridge.models.networks import brunel, draw_raster, measure_rates, rate_table

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--regime", default="C", choices=["A", "B", "C", "D"])
parser.add_argument("--order", type=int, default=2500, help="a fifth of the neurons; paper: 2500")
parser.add_argument("--duration", type=float, default=1200.0, help="ms, of which 200 do not count")
parser.add_argument("--backend", default="native")
parser.add_argument("--seed", type=int, default=1)
given = parser.parse_args()

network = brunel(given.regime, order=given.order, seed=given.seed)
print(f"{network.n_neurons:,} neurons, {network.n_edges:,} synapses")
recording = run(network, given.duration, backend=given.backend, dt=0.1, seed=given.seed)
print(f"{recording.n_spikes:,} spikes in {recording.timings['run_s']:.1f} s on {given.backend}")
measured = measure_rates(network, recording)
Console(width=110).print(rate_table(measured))

reports = Path(__file__).resolve().parents[1] / "reports"
reports.mkdir(exist_ok=True)
draw_raster(network, recording, reports / "brunel.png", start=max(0.0, given.duration - 200))
print(f"picture: {reports.name}/brunel.png")
raise SystemExit(0 if all(m.agrees for m in measured) else 3)
