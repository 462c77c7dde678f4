"""The fly model of Shiu et al. (2024) as a loop in torch, as one writes it by hand.

    python torch_shiu.py ARRAYS DURATION SPIKES.npz RESULT.json

ARRAYS is as in nest_shiu.py. The state of all neurons moves in every step, in float32; edges are
sorted by source, and those of the neurons that spiked are added up.
"""

import math
import sys
from collections import deque
from pathlib import Path

import numpy as np
import torch

from benchmarks.phases import Phases

DT, DELAY_STEPS, KICK = 0.1, 18, 68.75
V_REST, V_RESET, V_TH, TAU_M, TAU_G = -52.0, -52.0, -45.0, 20.0, 5.0


def main(folder, duration, spikes, result):
    phases = Phases()
    phases.done("import_s")
    arrays = {p.stem: np.load(p) for p in Path(folder).glob("*.npy")}
    phases.done("load_s")

    torch.set_num_threads(1)
    n, n_steps = int(arrays["n"]), round(float(duration) / DT)
    pre = torch.from_numpy(arrays["pre"]).long()
    by_source = torch.argsort(pre, stable=True)
    first = torch.zeros(n + 1, dtype=torch.int64)
    first[1:] = torch.cumsum(torch.bincount(pre, minlength=n), 0)
    post = torch.from_numpy(arrays["post"]).long()[by_source]
    weight = torch.from_numpy(arrays["weight"]).float()[by_source]
    del pre, by_source
    events_end = np.searchsorted(arrays["event_step"], np.arange(n_steps + 1))
    kicked = torch.from_numpy(arrays["event_neuron"].astype(np.int64))
    refractory = torch.from_numpy(np.rint(arrays["t_ref"] / DT).astype(np.int64))

    decay_v, decay_g = math.exp(-DT / TAU_M), math.exp(-DT / TAU_G)
    g_to_v = TAU_G / (TAU_G - TAU_M) * (decay_g - decay_v)
    v, g = torch.full((n,), V_REST), torch.zeros(n)
    free_from = torch.zeros(n, dtype=torch.int64)
    on_the_way = deque([torch.zeros(0, dtype=torch.int64)] * DELAY_STEPS)
    steps, neurons = [], []
    phases.done("build_s")

    for step in range(n_steps):
        free = free_from <= step
        v = torch.where(free, V_REST + (v - V_REST) * decay_v + g * g_to_v, v)
        g = torch.where(free, g * decay_g, g)
        arriving = on_the_way.popleft()
        if arriving.numel():
            begin, length = first[arriving], first[arriving + 1] - first[arriving]
            offset = torch.repeat_interleave(begin - torch.cumsum(length, 0) + length, length)
            edges = offset + torch.arange(offset.numel())
            target = post[edges]
            g.index_add_(0, target, weight[edges] * free[target])
        hit = kicked[events_end[step] : events_end[step + 1]]
        v[hit[free[hit]]] += KICK
        spiking = torch.nonzero(free & (v > V_TH)).flatten()
        v[spiking], g[spiking] = V_RESET, 0.0
        on_the_way.append(spiking)
        free_from[spiking] = step + 1 + refractory[spiking]
        steps.append(torch.full_like(spiking, step + 1))
        neurons.append(spiking)
    phases.done("run_s")
    np.savez(spikes, step=torch.cat(steps).numpy(), neuron=torch.cat(neurons).numpy())
    phases.write(result, versions={"torch": torch.__version__})


if __name__ == "__main__":
    main(*sys.argv[1:])
