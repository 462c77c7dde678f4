"""Lyapunov spectra by others, each in the way its documentation shows.

python -m benchmarks.lyapunov_rivals RIVAL JOB.json

The network is ``dx/dt = -x + J tanh(x)`` in Euler steps. Packages are imported by the one side that
needs them, from whichever environment this is run in. ``flystability`` and ``engelken`` are the
algorithms of FlyStability (commit afa5619) and of the demonstration of Engelken, Wolf & Abbott
(2023, Physical Review Research 5, 043044), written anew.
"""

from __future__ import annotations

__all__ = ["RIVALS"]

import sys
from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.lyapunov_side import Job, Real, Run, serve


def engelken(job: Job) -> Run:
    """The Jacobian as a dense matrix in each step, Householder every few steps, in NumPy."""
    dt = job.dt
    unit = (1 - dt) * np.eye(job.start.size)

    def run(n_steps: int) -> tuple[int, Real]:
        x, q = job.start.copy(), job.frame.copy()
        logs = np.zeros(q.shape[1])
        for step in range(1, n_steps + 1):
            jacobian = unit + dt * job.coupling * (1 - np.tanh(x) ** 2)
            x = (1 - dt) * x + dt * job.coupling @ np.tanh(x)
            q = jacobian @ q
            if step % job.every == 0 or step == n_steps:
                q, r = np.linalg.qr(q)
                logs += np.log(np.abs(np.diag(r)))
        return n_steps, logs / (n_steps * dt)

    return run


def flystability(job: Job) -> Run:
    """A product with a dense diagonal matrix for the Jacobian of each step, QR every two.

    In float32 it is as it is. It takes the Jacobian at the state after a step, so it begins a step
    earlier. Its two transients, over which it also averages, are left out.
    """
    import torch

    torch.set_num_threads(1)
    dt, n, dtype = job.dt, job.start.size, getattr(torch, job.precision)
    magnitude = torch.tensor(np.abs(job.coupling), dtype=dtype)
    sign = torch.tensor(np.sign(job.coupling), dtype=dtype)
    gain, unit = torch.ones(n, dtype=dtype), torch.eye(n, dtype=dtype)

    def run(n_steps: int) -> tuple[int, Real]:
        x, q = (torch.tensor(a, dtype=dtype) for a in (job.before, job.frame))
        active, logs = torch.tanh(x), torch.zeros(q.shape[1], dtype=dtype)
        for step in range(1, n_steps + 1):
            x = (1 - dt) * x + dt * ((sign * magnitude) @ active)
            active = torch.tanh(x)
            slope = torch.diag(gain / torch.cosh(x) ** 2)
            jacobian = (1 - dt) * unit + dt * (sign * magnitude) @ slope
            q = jacobian @ q
            if step % 2 == 0 or step == n_steps:
                q, r = torch.linalg.qr(q)
                logs += torch.log(torch.abs(torch.diag(r)))
        return n_steps, np.asarray(logs, dtype=np.float64) / (n_steps * dt)

    return run


def lyapax(job: Job) -> Run:
    """Compiled as a whole; the frame goes in as that of a run that is resumed."""
    import jax

    jax.config.update("jax_enable_x64", job.precision == "float64")
    import jax.numpy as jnp
    from lyapax import LyapunovCheckpoint, lyapunov_spectrum, ode_problem

    coupling = jnp.asarray(job.coupling, dtype=job.precision)
    start, frame = (jnp.asarray(a, dtype=job.precision) for a in (job.start, job.frame))

    def rhs(x: jax.Array) -> jax.Array:
        return -x + coupling @ jnp.tanh(x)

    problem = ode_problem(rhs, start, job.dt, integrator="euler")

    def spectrum(n_steps: int, state: jax.Array, tangents: jax.Array) -> jax.Array:
        nothing = jnp.zeros(tangents.shape[1], dtype=state.dtype)
        begun = LyapunovCheckpoint(state, tangents, nothing, jnp.zeros((), state.dtype), job.dt)
        return lyapunov_spectrum(
            problem, n_steps=n_steps, renorm_every=job.every, resume=begun
        ).exponents

    compiled = jax.jit(spectrum, static_argnums=0)
    return lambda n_steps: (n_steps, np.asarray(compiled(n_steps, start, frame)))


def chaotax(job: Job) -> Run:
    """Traced anew in each call, for it cannot be compiled as a whole; QR in every step."""
    import jax

    jax.config.update("jax_enable_x64", job.precision == "float64")
    import jax.numpy as jnp
    from chaotax import lyapunov_spectrum

    coupling = jnp.asarray(job.coupling, dtype=job.precision)
    start, frame = (jnp.asarray(a, dtype=job.precision) for a in (job.start, job.frame.T))

    def stepper(x: jax.Array) -> jax.Array:
        return x + job.dt * (-x + coupling @ jnp.tanh(x))

    def run(n_steps: int) -> tuple[int, Real]:
        spectrum = lyapunov_spectrum(
            stepper, rollout_steps=n_steps, warmup_steps=0, discard_steps=0, dt=job.dt,
            num_exponents=frame.shape[0],
        )  # fmt: skip
        return n_steps, np.asarray(spectrum(start, frame))

    return run


def clvlib(job: Job) -> Run:
    """Begins with unit vectors; QR in every step, and all of Q and R are kept."""
    from clvlib import lyap_exp_from_ic

    coupling, identity = job.coupling, np.eye(job.start.size)

    def rhs(_: float, x: Real) -> Real:
        return -x + coupling @ np.tanh(x)

    def jacobian(_: float, x: Real) -> Real:
        return coupling * (1 - np.tanh(x) ** 2) - identity

    def run(n_steps: int) -> tuple[int, Real]:
        times = job.dt * np.arange(n_steps + 1)
        k = job.frame.shape[1]
        found = lyap_exp_from_ic(rhs, jacobian, job.start, times, stepper="euler", n_lyap=k)
        return n_steps, found[0]

    return run


def lyapynov(job: Job) -> Run:
    """Begins with unit vectors; QR in every step."""
    from lyapynov import LCE, DiscreteDS

    coupling, dt = job.coupling, job.dt
    unit = (1 - dt) * np.eye(job.start.size)

    def step(x: Real, _: float) -> Real:
        moved: Real = (1 - dt) * x + dt * (coupling @ np.tanh(x))
        return moved

    def jacobian(x: Real, _: float) -> Real:
        slopes: Real = unit + dt * coupling * (1 - np.tanh(x) ** 2)
        return slopes

    def run(n_steps: int) -> tuple[int, Real]:
        system = DiscreteDS(job.start, 0.0, step, jacobian, dt)
        return n_steps, LCE(system, job.frame.shape[1], 0, n_steps, False)

    return run


RIVALS: Mapping[str, Callable[[Job], Run]] = {
    "flystability": flystability,
    "engelken": engelken,
    "lyapax": lyapax,
    "chaotax": chaotax,
    "clvlib": clvlib,
    "lyapynov": lyapynov,
}

if __name__ == "__main__":
    serve(sys.argv[1], RIVALS[sys.argv[1]], sys.argv[2])
