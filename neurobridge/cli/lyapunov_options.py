"""Options of the commands of ``neurobridge lyapunov``."""

from __future__ import annotations

__all__ = ["Measuring", "Networks", "Parameters", "Running", "Training", "Windows"]

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

NETWORK, NEURONS, CONNECTOME = "Which network", "Its neurons", "If it is a connectome"
MEASURE = "How exponents are measured"
TRAINED, FITTED, WINDOWS = "What is trained", "How it is trained", "Exponents in the loss"


@dataclass(frozen=True)
class Networks:
    """Which networks."""

    network: Annotated[
        str | None,
        typer.Option(
            "--network",
            metavar="WHAT",
            help="random; a connectome source (celegans, codex, ...); a saved connectome or "
            "network, or an ROI folder; an experiment, by file or name.",
            rich_help_panel=NETWORK,
        ),
    ] = None
    matrix: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A coupling matrix instead, post x pre: .npy, .npz, .csv.",
            rich_help_panel=NETWORK,
        ),
    ] = None  # fmt: skip
    strength: Annotated[
        float | None,
        typer.Option(
            "--g", "--strength",
            help="Strength of the couplings: g of random networks, a factor on others.",
            rich_help_panel=NETWORK,
        ),
    ] = None  # fmt: skip
    n: Annotated[
        int | None,
        typer.Option(help="Neurons of a random network; 100.", rich_help_panel=NETWORK),
    ] = None
    density: Annotated[
        float | None,
        typer.Option(
            help="Probability of an edge of a random network; 1.", rich_help_panel=NETWORK
        ),
    ] = None
    rows: Annotated[
        str | None,
        typer.Option(metavar="post|pre", help="What rows of the matrix are; post.",
                     rich_help_panel=NETWORK),
    ] = None  # fmt: skip
    activation: Annotated[
        str | None,
        typer.Option(help="tanh, tanh_positive, relu, ...; tanh.", rich_help_panel=NEURONS),
    ] = None
    form: Annotated[
        str | None,
        typer.Option(metavar="current|activity", help="What the state is; current.",
                     rich_help_panel=NEURONS),
    ] = None  # fmt: skip
    gain: Annotated[
        float | None, typer.Option(help="Of all neurons, or the mean; 1.", rich_help_panel=NEURONS)
    ] = None
    gain_sd: Annotated[
        float, typer.Option(help="Standard deviation of gains.", rich_help_panel=NEURONS)
    ] = 0.0
    shift: Annotated[
        float | None, typer.Option(help="Of all neurons, or the mean; 0.", rich_help_panel=NEURONS)
    ] = None
    shift_sd: Annotated[
        float, typer.Option(help="Standard deviation of shifts.", rich_help_panel=NEURONS)
    ] = 0.0
    bias: Annotated[
        float | None, typer.Option(help="Constant input of all; 0.", rich_help_panel=NEURONS)
    ] = None
    by: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL", help="Neurons of one label (cell_type, nt, ...) share gain and shift.",
            rich_help_panel=NEURONS,
        ),
    ] = None  # fmt: skip
    path: Annotated[
        Path | None,
        typer.Option(help="File or folder of the source.", rich_help_panel=CONNECTOME),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Option of the source; repeatable.",
                     rich_help_panel=CONNECTOME),
    ] = None  # fmt: skip
    select: Annotated[
        str | None,
        typer.Option(metavar="EXPRESSION", help="Neurons for which it holds.",
                     rich_help_panel=CONNECTOME),
    ] = None  # fmt: skip
    min_synapses: Annotated[
        float | None, typer.Option(help="Leave out weaker edges.", rich_help_panel=CONNECTOME)
    ] = None
    signs: Annotated[
        str | None,
        typer.Option(metavar="own|fly|celegans|positive",
                     help="Its own, or by transmitter of the presynaptic neuron.",
                     rich_help_panel=CONNECTOME),
    ] = None  # fmt: skip
    unknown: Annotated[
        str | None,
        typer.Option(metavar="drop|error|excitatory|inhibitory",
                     help="What becomes of edges without a known sign; drop.",
                     rich_help_panel=CONNECTOME),
    ] = None  # fmt: skip
    normalise: Annotated[
        str | None,
        typer.Option(metavar="sinkhorn|spectral_radius|fan_in|none", help="sinkhorn.",
                     rich_help_panel=CONNECTOME),
    ] = None  # fmt: skip


@dataclass(frozen=True)
class Measuring:
    """How exponents are measured."""

    k: Annotated[
        str | None,
        typer.Option("--k", metavar="all|adaptive|INT", help="How many of the leading exponents.",
                     rich_help_panel=MEASURE),
    ] = None  # fmt: skip
    meaning: Annotated[
        str,
        typer.Option(metavar="flow|map", help="The differential equation, or its Euler map at dt.",
                     rich_help_panel=MEASURE),
    ] = "flow"  # fmt: skip
    time: Annotated[
        float | None,
        typer.Option(help="To measure, in tau (or --unit).", rich_help_panel=MEASURE),
    ] = None
    error: Annotated[
        float | None,
        typer.Option(help="Measure until no standard error is larger.", rich_help_panel=MEASURE),
    ] = None
    transient: Annotated[
        float | None,
        typer.Option(help="Time for the state to settle; 100.", rich_help_panel=MEASURE),
    ] = None
    warm_up: Annotated[
        float | None,
        typer.Option(help="Time for the tangent vectors; 50.", rich_help_panel=MEASURE),
    ] = None
    dt: Annotated[
        float | None, typer.Option(help="Time step; 0.1 tau.", rich_help_panel=MEASURE)
    ] = None
    method: Annotated[
        str | None,
        typer.Option(metavar="ab4|rk4", help="Of a flow; ab4.", rich_help_panel=MEASURE),
    ] = None
    renormalise: Annotated[
        str | None,
        typer.Option(metavar="auto|lu|cholesky|householder", help="auto.", rich_help_panel=MEASURE),
    ] = None
    interval: Annotated[
        float | None,
        typer.Option(help="Time between renormalisations; chosen by the spread of exponents.",
                     rich_help_panel=MEASURE),
    ] = None  # fmt: skip
    precision: Annotated[
        str | None,
        typer.Option(metavar="float64|mixed", help="Of tangent vectors; float64.",
                     rich_help_panel=MEASURE),
    ] = None  # fmt: skip
    device: Annotated[
        str | None,
        typer.Option(metavar="cpu|cuda", help="Where it is worked out; cpu.",
                     rich_help_panel=MEASURE),
    ] = None  # fmt: skip
    unit: Annotated[
        str | None,
        typer.Option(metavar="tau|ms", help="Of time; tau if all neurons have one.",
                     rich_help_panel=MEASURE),
    ] = None  # fmt: skip
    initial: Annotated[
        float | None,
        typer.Option(help="Standard deviation of initial states; 1.", rich_help_panel=MEASURE),
    ] = None


@dataclass(frozen=True)
class Running:
    """Seeds, threads, and where results go."""

    seed: Annotated[int, typer.Option(help="Of networks, initial states and tangent vectors.")] = 0
    threads: Annotated[int, typer.Option(help="Networks at a time.")] = 1
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A new folder for numbers, settings and figures."),
    ] = None
    json: Annotated[
        bool, typer.Option("--json", help="JSON alone on stdout; everything else on stderr.")
    ] = False


@dataclass(frozen=True)
class Parameters:
    """What is varied."""

    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter", metavar="weights|gains|shifts",
            help="What the values are: strength, sd of gains, of shifts; repeatable; weights.",
        ),
    ] = None  # fmt: skip
    per_root_n: Annotated[
        bool, typer.Option("--per-root-n", help="Divide standard deviations by sqrt(N).")
    ] = False


@dataclass(frozen=True)
class Training:
    """What is trained, and how."""

    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="weights|gains|shifts|tau|bias",
                     help="Repeatable; gains and shifts.", rich_help_panel=TRAINED),
    ] = None  # fmt: skip
    number_weights: Annotated[
        int | None,
        typer.Option(help="Train so many weights only, drawn at random.", rich_help_panel=TRAINED),
    ] = None
    number_gains: Annotated[
        int | None, typer.Option(help="So many gains.", rich_help_panel=TRAINED)
    ] = None
    number_shifts: Annotated[
        int | None, typer.Option(help="So many shifts.", rich_help_panel=TRAINED)
    ] = None
    number_tau: Annotated[
        int | None, typer.Option(help="So many time constants.", rich_help_panel=TRAINED)
    ] = None
    number_bias: Annotated[
        int | None, typer.Option(help="So many biases.", rich_help_panel=TRAINED)
    ] = None
    share_by: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="Neurons of one label share what is trained of them.",
                     rich_help_panel=TRAINED),
    ] = None  # fmt: skip
    free_signs: Annotated[
        bool,
        typer.Option("--free-signs", help="Weights may change sign.", rich_help_panel=TRAINED),
    ] = False
    loss: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="mse, l2, curve, kaplan_yorke, entropy, expansion, contraction, flossing.",
            rich_help_panel=FITTED,
        ),
    ] = "mse"
    target: Annotated[
        str | None,
        typer.Option(metavar="VALUES", help="One, or with commas; 0 for exponents.",
                     rich_help_panel=FITTED),
    ] = None  # fmt: skip
    epochs: Annotated[int, typer.Option(help="In all.", rich_help_panel=FITTED)] = 100
    learning_rate: Annotated[
        float, typer.Option(help="Of the optimiser.", rich_help_panel=FITTED)
    ] = 0.01
    optimiser: Annotated[
        str, typer.Option(help="adam, adamw, rmsprop, sgd.", rich_help_panel=FITTED)
    ] = "adam"
    clip: Annotated[
        float | None, typer.Option(help="Largest norm of the gradient.", rich_help_panel=FITTED)
    ] = None
    validate_every: Annotated[
        int,
        typer.Option(help="Epochs between looks, the best of which is kept; 0: keep the last.",
                     rich_help_panel=FITTED),
    ] = 10  # fmt: skip
    check_time: Annotated[
        float,
        typer.Option(help="Of the independent runs before and after.", rich_help_panel=FITTED),
    ] = 1000.0


@dataclass(frozen=True)
class Windows:
    """Exponents in the loss."""

    k: Annotated[int, typer.Option("--k", help="Leading ones.", rich_help_panel=WINDOWS)] = 10
    windows: Annotated[int, typer.Option(help="Consecutive windows.", rich_help_panel=WINDOWS)] = 10
    window: Annotated[float, typer.Option(help="Time of each.", rich_help_panel=WINDOWS)] = 20.0
    interval: Annotated[
        float, typer.Option(help="Time between factorisations.", rich_help_panel=WINDOWS)
    ] = 1.0
    transient: Annotated[
        float, typer.Option(help="Time for the state to settle.", rich_help_panel=WINDOWS)
    ] = 100.0
    warm_up: Annotated[
        float, typer.Option(help="Time for the tangent vectors.", rich_help_panel=WINDOWS)
    ] = 20.0
    dt: Annotated[
        float | None, typer.Option(help="Time step; 0.1 tau.", rich_help_panel=WINDOWS)
    ] = None
    meaning: Annotated[
        str, typer.Option(metavar="flow|map", help="Which exponents.", rich_help_panel=WINDOWS)
    ] = "flow"
    initial: Annotated[
        float | None,
        typer.Option(help="Standard deviation of initial states; 1.", rich_help_panel=WINDOWS),
    ] = None
    starts: Annotated[
        int,
        typer.Option(help="Initial states: a network may have several attractors.",
                     rich_help_panel=WINDOWS),
    ] = 1  # fmt: skip
