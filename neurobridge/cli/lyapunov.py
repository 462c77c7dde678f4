"""The commands of ``neurobridge lyapunov``; what they do is imported when they are called."""

from __future__ import annotations

__all__ = ["lyapunov_app"]

from typing import Annotated

import typer

from neurobridge.cli.grouping import takes
from neurobridge.cli.lyapunov_options import (
    Measuring,
    Networks,
    Parameters,
    Running,
    Training,
    Windows,
)

lyapunov_app = typer.Typer(
    help="Lyapunov exponents of rate networks: spectra, transitions, training.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Samples = Annotated[int, typer.Option(help="Networks, of the seeds SEED, SEED + 1, ...")]
Compat = Annotated[
    str | None,
    typer.Option(
        metavar="flystability",
        help="What FlyStability gives instead, faults included: for comparison only.",
    ),
]


@lyapunov_app.command("spectrum")
@takes
def spectrum(
    networks: Networks,
    measuring: Measuring,
    running: Running,
    samples: Samples = 1,
    sweep: Annotated[
        str | None,
        typer.Option(
            metavar="VALUES",
            help="Spectra over values: 1,2,4 or 1:16:2x (times 2) or 0.5:3:0.5 (steps of 0.5).",
        ),
    ] = None,
    parameters: Parameters = Parameters(),  # noqa: B008
    compat: Compat = None,
) -> None:
    """Exponents with error bars, Kaplan-Yorke dimension and entropy.

    Code 4 if a spectrum is not what was asked for: not converged, or still in its transient.
    """
    from neurobridge.cli import exponents, flystability

    if compat is not None:
        flystability.compare(compat, networks, measuring, running, samples, parameters, sweep)
    elif sweep is None:
        exponents.spectrum(networks, measuring, running, samples, parameters)
    else:
        exponents.sweep(networks, measuring, running, samples, parameters, sweep)


@lyapunov_app.command("transition")
@takes
def transition(
    networks: Networks,
    measuring: Measuring,
    running: Running,
    parameters: Parameters,
    values: Annotated[
        str,
        typer.Option(
            metavar="VALUES",
            help="0.5:3:0.25 (steps of 0.25), 0.5:3:#11 (11 values), or 0.5,1,1.5,2.",
        ),
    ] = "0.5:3:#11",
    samples: Samples = 5,
    compat: Compat = None,
) -> None:
    """The largest exponent over the strength of couplings, or the spread of gains or shifts.

    With medians, an estimate of where networks become unstable and chaotic, and mean-field theory.
    """
    from neurobridge.cli import exponents, flystability

    if compat is not None:
        flystability.compare(compat, networks, measuring, running, samples, parameters, values, 1)
        return
    exponents.transition(networks, measuring, running, samples, parameters, values)


@lyapunov_app.command("convergence")
@takes
def convergence(
    networks: Networks,
    measuring: Measuring,
    running: Running,
    starts: Annotated[int, typer.Option(help="Initial states.")] = 5,
    intervals: Annotated[
        str, typer.Option(metavar="TIMES", help="Between renormalisations; auto,0.2,1,5,10.")
    ] = "auto",
    kinds: Annotated[
        str, typer.Option(metavar="NAMES", help="Of renormalisation: auto,lu,cholesky,householder.")
    ] = "auto",
) -> None:
    """Running exponents of one network, for initial states and ways of renormalising."""
    from neurobridge.cli import exponents

    exponents.convergence(networks, measuring, running, starts, intervals, kinds)


@lyapunov_app.command("benchmark")
@takes
def benchmark(
    networks: Networks,
    measuring: Measuring,
    running: Running,
    tests: Annotated[
        str, typer.Option(metavar="NAMES", help="Some of interval,exponents,time,size.")
    ] = "interval,exponents,time,size",
    intervals: Annotated[str | None, typer.Option(metavar="TIMES", help="0.2,1,5,10,auto")] = None,
    kinds: Annotated[
        str | None, typer.Option(metavar="NAMES", help="lu,cholesky,householder")
    ] = None,
    precisions: Annotated[str | None, typer.Option(metavar="NAMES", help="float64,mixed")] = None,
    shares: Annotated[
        str | None, typer.Option(metavar="VALUES", help="Of the exponents: 0.005,0.1,0.2,...,1")
    ] = None,
    times: Annotated[str | None, typer.Option(metavar="VALUES", help="20,50,100,200,400")] = None,
    sizes: Annotated[
        str | None, typer.Option(metavar="VALUES", help="100:500:100, of random networks.")
    ] = None,
    share: Annotated[float, typer.Option(help="Of the exponents, in all tests but that.")] = 0.1,
) -> None:
    """Accuracy and CPU time, on one thread."""
    from neurobridge.cli import exponents

    lists = {"tests": tests, "intervals": intervals, "kinds": kinds, "precisions": precisions,
             "shares": shares, "times": times, "sizes": sizes}  # fmt: skip
    exponents.benchmark(networks, measuring, running, lists, share)


@lyapunov_app.command("train")
@takes
def train(
    networks: Networks, training: Training, windows: Windows, running: Running, samples: Samples = 1
) -> None:
    """Train weights, gains, shifts, tau or biases until the spectrum is what is wanted.

    Each network is checked by an independent long run. Code 3 if it does not confirm the training.
    """
    from neurobridge.cli import exponent_training

    exponent_training.train(networks, training, windows, running, samples)
