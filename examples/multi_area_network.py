"""Areas of excitatory and inhibitory neurons: densities, balance, radius, a picture and a run.

python examples/multi_area_network.py
"""

from pathlib import Path

import numpy as np

from neurobridge import StateProbe, models, run
from neurobridge.structure import MultiAreaEI, Normal

cortex = MultiAreaEI(
    {"V1": 200, "V2": 100, "PFC": 100},
    connectivity=(0.10, 0.05, 0.30),  # forward, backward, within
    fraction_excitatory=0.8,
    inter_area=["EE", "EI"],  # only excitatory neurons project to other areas
    inputs=["V1"],
    outputs=["PFC"],
    excitatory_outputs_only=True,
    seed=1,
)
print(cortex.densities)

weights = Normal().balanced().with_spectral_radius(1.5).weights(cortex)
excitation, inhibition = weights.inputs
print(f"balance: {np.abs(excitation / -inhibition - 1).max():.0e} off")
print(f"spectral radius: {np.abs(weights.eigenvalues).max():.6f}")

reports = Path(__file__).resolve().parents[1] / "reports"
reports.mkdir(exist_ok=True)
weights.draw(reports / "multi_area_network.png")
print(f"picture: {reports.name}/multi_area_network.png")

start = np.random.default_rng(1).normal(size=cortex.n_neurons)
network = cortex.network(models.rate, weights, delay=0.0, initial={"x": start})
x = run(network.with_probe(StateProbe("x", "neurons", "x")), 500.0, dt=1.0).signals["x"].values
for area, neurons in cortex.areas.items():
    print(f"{area:4} standard deviation of x after 500 ms: {x[-1, neurons].std():.2f}")
