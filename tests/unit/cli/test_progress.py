"""The lines of running simulations."""

from __future__ import annotations

import io

from rich.console import Console

from neurobridge.cli.progress import run_progress


def shown(console: Console) -> list[str]:
    """What the terminal held last, without the animation."""
    text = console.export_text(clear=False)
    return [" ".join(word for word in line.split() if word.isascii()) for line in text.splitlines()]


def test_runs_begin_one_after_the_other_even_if_one_fails() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, record=True)
    with run_progress(console, ["reference", "nest", "other seed"], 200) as report:
        report("reference", 100)
        report("reference", 200)
        report("other seed", 50)  # nest failed
    lines = shown(console)
    last = {n: [x for x in lines if x.startswith(n)][-1] for n in ("reference", "nest", "other")}
    assert "reference done" in last["reference"]
    assert "other seed 25% of 200 steps" in last["other"]
    assert "building" not in last["nest"]


def test_nothing_is_drawn_where_there_is_no_terminal() -> None:
    console = Console(file=io.StringIO(), force_terminal=False)
    with run_progress(console, ["reference"], 10) as report:
        report("reference", 5)
    assert console.file.getvalue() == ""
