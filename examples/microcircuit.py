"""The cortical microcircuit of Potjans & Diesmann (2014), scaled down: rates and a picture.

python examples/microcircuit.py --scale 0.1 --duration 2200
"""

import argparse
from pathlib import Path

from rich.console import Console

from neurobridge import run
from neurobridge.models.networks import draw_raster, measure_rates, microcircuit, rate_table

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--scale", type=float, default=0.1, help="of neurons and of in-degrees")
parser.add_argument("--duration", type=float, default=2200.0, help="ms, of which 200 do not count")
parser.add_argument("--backend", default="native")
parser.add_argument("--seed", type=int, default=1)
given = parser.parse_args()

network = microcircuit(given.scale, seed=given.seed)
print(f"{network.n_neurons:,} neurons, {network.n_edges:,} synapses")
recording = run(network, given.duration, backend=given.backend, dt=0.1, seed=given.seed)
print(f"{recording.n_spikes:,} spikes in {recording.timings['run_s']:.1f} s on {given.backend}")
measured = measure_rates(network, recording)
Console(width=110).print(rate_table(measured))

reports = Path(__file__).resolve().parents[1] / "reports"
reports.mkdir(exist_ok=True)
draw_raster(network, recording, reports / "microcircuit.png", start=max(0.0, given.duration - 300))
print(f"picture: {reports.name}/microcircuit.png")
raise SystemExit(0 if all(m.agrees for m in measured) else 3)
