"""What norse, snnTorch and nirtorch make of a NIR file, as their users would run it."""

from __future__ import annotations

import contextlib
import io
import signal
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


@contextlib.contextmanager
def quiet() -> Iterator[io.StringIO]:
    """These packages warn of torch.jit and of themselves, and print."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()) as said:
        warnings.simplefilter("ignore")
        yield said


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after some seconds."""

    def stop(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Norse:
    """``norse.torch.from_nir``, step by step: output, and spikes and potentials by node."""

    def __init__(self, path: Path, x: Any, dt: float) -> None:
        with quiet():
            import nir
            import norse.torch
            import torch

            module = norse.torch.from_nir(nir.read(path), dt=dt / 1e3, ignore_warnings=True)
        self.order = [node.name for node in module.execution_order]
        outputs, states = [], []
        state = None
        with torch.no_grad():
            for row in torch.from_numpy(np.asarray(x, dtype=np.float32)):
                output, state = module(row[None], state)
                outputs.append(output.numpy()[0])
                states.append(state)
        self.output: Real = np.array(outputs)
        self._states = states

    def spikes(self, node: str) -> Real:
        return np.array([s.cache[node].numpy()[0] for s in self._states])

    def v(self, node: str) -> Real:
        """Of an LIF, or of the membrane of a CubaLIF."""
        states = [s.state[node][0] for s in self._states]
        membranes = [s if hasattr(s, "v") else s[1] for s in states]
        return np.array([m.v.numpy()[0] for m in membranes])


def snntorch(path: Path) -> Any:
    """``snntorch.import_from_nir``."""
    with quiet():
        import nir
        from snntorch.import_nir import import_from_nir

        return import_from_nir(nir.read(path))


def nirtorch(path: Path, dt: float) -> Any:
    """``nirtorch.nir_to_torch`` with snnTorch's neurons, as ``docs/nir.md`` has it."""
    with quiet():
        import nir
        import nirtorch
        import snntorch
        import torch

        step = dt / 1e3

        def leaky(node: Any) -> Any:
            beta = torch.tensor(1 - step / node.tau, dtype=torch.float32)
            scale = node.r * step / node.tau
            threshold = torch.tensor(node.v_threshold / scale, dtype=torch.float32)
            return snntorch.Leaky(
                beta, threshold, init_hidden=True, reset_mechanism="zero", reset_delay=False
            )

        def synaptic(node: Any) -> Any:
            alpha = torch.tensor(1 - step / node.tau_syn, dtype=torch.float32)
            beta = torch.tensor(1 - step / node.tau_mem, dtype=torch.float32)
            scale = node.w_in * step / node.tau_syn * node.r * step / node.tau_mem
            threshold = torch.tensor(node.v_threshold / scale, dtype=torch.float32)
            return snntorch.Synaptic(
                alpha, beta, threshold, init_hidden=True, reset_mechanism="zero", reset_delay=False
            )

        def affine(node: Any) -> Any:
            linear = torch.nn.Linear(*node.weight.shape[::-1])
            linear.weight.data = torch.tensor(node.weight, dtype=torch.float32)
            linear.bias.data = torch.tensor(node.bias, dtype=torch.float32)
            return linear

        nodes: dict[Any, Callable[[Any], Any]] = {
            nir.LIF: leaky, nir.CubaLIF: synaptic, nir.Affine: affine,
        }  # fmt: skip
        return nirtorch.nir_to_torch(nir.read(path), nodes)


def outputs(module: Any, x: Any) -> Real:
    """What a module of nirtorch returns, step by step, (T, n)."""
    import torch

    state, found = None, []
    with torch.no_grad():
        for row in torch.from_numpy(np.asarray(x, dtype=np.float32)):
            output, state = module(row[None], state)
            found.append(output.numpy()[0])
    return np.array(found)
