"""The commands and their options; what they do is imported when they are called."""

from __future__ import annotations

__all__ = ["app"]

from pathlib import Path
from typing import Annotated

import typer

from neurobridge.cli.lyapunov import lyapunov_app
from neurobridge.cli.options import (
    Accept,
    Backends,
    Debug,
    Dt,
    Duration,
    Json,
    Seed,
    Set,
    Source,
    Trial,
)

HELP = "One description of a connectome network, identical spikes on several simulators."
START = (
    "Start with [bold]neurobridge demo[/bold], or write an experiment of your own with "
    "[bold]neurobridge new worm.yaml[/bold]."
)

app = typer.Typer(
    help=HELP,
    epilog=START,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
connectome_app = typer.Typer(
    help="Load, describe and cut connectomes.", no_args_is_help=True, rich_markup_mode="rich"
)
app.add_typer(connectome_app, name="connectome")
app.add_typer(lyapunov_app, name="lyapunov")


def _version(show: bool) -> None:
    if show:
        from neurobridge import __version__

        print(f"neurobridge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Debug = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of all commands. ``--debug`` is taken out by the entry, wherever it stands."""


@app.command()
def demo(
    report: Annotated[Path, typer.Option(help="Where the HTML report goes.")] = Path(
        "reports/celegans.html"
    ),
    backends: Backends = None,
    duration: Duration = None,
    seed: Seed = None,
    json: Json = False,
) -> None:
    """C. elegans on the reference, Brian2 and NEST: a table, and a report."""
    from neurobridge.cli.comparing import demo

    demo(report, backends, duration, seed, json)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The YAML file to write; never overwritten.")],
) -> None:
    """Write a commented experiment file to start from. It runs as it is."""
    from neurobridge.cli.starting import new

    new(file)


@app.command()
def backends(
    features: Annotated[bool, typer.Option("--features", help="What each of them can do.")] = False,
    json: Json = False,
) -> None:
    """Which simulators there are, and whether they work here."""
    from neurobridge.cli.looking import backends

    backends(features, json)


@app.command()
def info(source: Source, json: Json = False) -> None:
    """What an experiment or a network consists of."""
    from neurobridge.cli.looking import info

    info(source, json)


@app.command()
def check(
    source: Source,
    backends: Backends = None,
    dt: Dt = None,
    accept: Accept = None,
    json: Json = False,
) -> None:
    """What would differ or stop on each backend; nothing is run. Code 2 if a run would stop."""
    from neurobridge.cli.looking import check

    check(source, backends, dt, accept, json)


@app.command()
def run(
    source: Source,
    backend: Annotated[
        str | None, typer.Option(help="Default: the only one of the file, else native.")
    ] = None,
    settings: Set = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Save the recording there.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Rates by this label, e.g. role.")
    ] = None,
    duration: Duration = None,
    dt: Dt = None,
    seed: Seed = None,
    trial: Trial = None,
    accept: Accept = None,
    json: Json = False,
) -> None:
    """Run on one backend, and save what was recorded."""
    from neurobridge.cli.running import run

    given = {"duration": duration, "dt": dt, "seed": seed, "trial": trial}
    run(source, backend, settings or [], out, by, given, accept, json)


@app.command()
def compare(
    source: Source,
    backends: Backends = None,
    reference: Annotated[
        str | None, typer.Option(help="Which run the others are measured against; the first.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="HTML", help="Write a self-contained report.")
    ] = None,
    baseline: Annotated[
        bool, typer.Option(help="Also run the reference with another seed, to show mere chance.")
    ] = True,
    attribution: Annotated[
        bool, typer.Option(help="With a chip: turn each of its errors on alone, in nine runs.")
    ] = True,
    duration: Duration = None,
    dt: Dt = None,
    seed: Seed = None,
    trial: Trial = None,
    accept: Accept = None,
    json: Json = False,
) -> None:
    """Run on several backends and compare every spike. Code 0 if all agree, 3 if not."""
    from neurobridge.cli.comparing import compare

    given = {"duration": duration, "dt": dt, "seed": seed, "trial": trial}
    compare(source, backends, reference, report, baseline, attribution, given, accept, json)


@app.command()
def export(
    source: Source,
    backend: Annotated[str, typer.Option(help="brian2, nest or spinnaker.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="A new folder.")],
    settings: Set = None,
    duration: Duration = None,
    dt: Dt = None,
    seed: Seed = None,
    trial: Trial = None,
    accept: Accept = None,
    json: Json = False,
) -> None:
    """Write a script with its arrays that repeats a run without neurobridge."""
    from neurobridge.cli.running import export

    given = {"duration": duration, "dt": dt, "seed": seed, "trial": trial}
    export(source, backend, out, settings or [], given, accept, json)


@app.command()
def deploy(
    source: Source,
    to: Annotated[str, typer.Option(help="The hardware: spinnaker.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be; also the default.")
    ] = False,
    bundle: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write what a machine with a board needs."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="HTML", help="Write a self-contained report.")
    ] = None,
    chip_model: Annotated[
        bool, typer.Option("--chip-model", help="Also run sPyNNaker's programs in the chip model.")
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="Rounding and rates by this label; cell_type."),
    ] = None,
    baseline: Annotated[
        bool, typer.Option(help="Also run the reference with another seed, to show mere chance.")
    ] = True,
    settings: Set = None,
    duration: Duration = None,
    dt: Dt = None,
    seed: Seed = None,
    trial: Trial = None,
    accept: Accept = None,
    json: Json = False,
) -> None:
    """What a network will be and do on SpiNNaker, found out without a board.

    --set gives settings of the chip, e.g. --set split=8. Code 2 if something has to be accepted.
    """
    from neurobridge.cli.deploying import deploy, refuse_contradiction

    refuse_contradiction(dry_run, bundle)
    given = {"duration": duration, "dt": dt, "seed": seed, "trial": trial}
    deploy(
        source, to, bundle, report, chip_model, by, baseline, settings or [], given, accept, json
    )


@app.command()
def train(
    experiment: Annotated[
        str, typer.Argument(metavar="EXPERIMENT", help="A file with a section 'training'.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A new folder; default: runs/NAME-1 ...")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Overrides the file.")] = None,
    seed: Seed = None,
    processes: Annotated[
        int | None, typer.Option(help="How many share each batch; overrides the file.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; overrides the file.")] = None,
    backends: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Where the test trials run afterwards; default: torch."),
    ] = None,
    settings: Set = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run that is in the folder.")
    ] = False,
    json: Json = False,
) -> None:
    """Train the network of an experiment in torch, and run what it learned.

    --set gives settings of training, e.g. --set learning_rate=0.01. Code 3 if backends differ.
    """
    from neurobridge.cli.training import train

    given = {"epochs": epochs, "seed": seed, "processes": processes, "device": device}
    train(experiment, out, settings or [], given, backends, resume, json)


@app.command()
def runs(
    folder: Annotated[Path, typer.Argument(help="Where to look; also in its folders.")] = Path(
        "runs"
    ),
    json: Json = False,
) -> None:
    """Runs of training: how far they came, and their metrics."""
    from neurobridge.cli.training import runs

    runs(folder, json)


@app.command()
def study(
    file: Annotated[str, typer.Argument(metavar="STUDY", help="The YAML file of a study.")],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="The store; default: studies/NAME. It is gone on with."
        ),
    ] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Only show what there is; nothing is run.")
    ] = False,
    extend: Annotated[
        bool, typer.Option("--extend", help="Go on with the store although the study changed.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes here, instead of the cluster of the file.")
    ] = None,
    measures: Annotated[
        str | None, typer.Option(metavar="NAMES", help="What is summarised and drawn, with commas.")
    ] = None,
    over: Annotated[
        str | None, typer.Option(metavar="PATH", help="The parameter along the axis of the figure.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The figure; default: study.svg in the store."),
    ] = None,
    json: Json = False,
) -> None:
    """Run networks x backends x parameters x seeds, here or on a cluster. What is done stays done.

    Code 1 if trials failed; they are tried again the next time.
    """
    from neurobridge.cli.studying import Asked, study
    from neurobridge.cli.subject import split

    study(file, Asked(out, status, extend, workers, plot, split(measures), over), json)


What = Annotated[
    str,
    typer.Argument(
        metavar="WHAT",
        help="A source (celegans, codex, ...), a saved folder, or an experiment file.",
    ),
]
From = Annotated[Path | None, typer.Option("--path", help="File or folder of the source.")]
Out = Annotated[Path, typer.Option(metavar="FOLDER", help="Where the connectome is saved.")]


@connectome_app.command("build")
def connectome_build(
    what: What, out: Out, path: From = None, settings: Set = None, json: Json = False
) -> None:
    """Load a connectome, and save it in a folder that loads quickly.

    --set gives options of the loader, e.g. --set gap_junctions=false.
    """
    from neurobridge.cli.connectomes import build

    build(what, path, settings or [], out, json)


@connectome_app.command("info")
def connectome_info(
    what: What, path: From = None, settings: Set = None, json: Json = False
) -> None:
    """Sizes, density, reciprocity, degrees, signs and labels."""
    from neurobridge.cli.connectomes import info

    info(what, path, settings or [], json)


@connectome_app.command("select")
def connectome_select(
    what: What,
    expression: Annotated[str, typer.Argument(help="E.g. \"role == 'sensory'\".")],
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Save what was selected.")
    ] = None,
    min_synapses: Annotated[
        float | None, typer.Option(help="Also leave out edges with fewer synapses.")
    ] = None,
    largest_component: Annotated[
        bool, typer.Option("--largest-component", help="Of what is left after that.")
    ] = False,
    path: From = None,
    settings: Set = None,
    json: Json = False,
) -> None:
    """The neurons for which an expression over labels holds, and the edges between them."""
    from neurobridge.cli.connectomes import select

    select(what, expression, out, min_synapses, largest_component, path, settings or [], json)
