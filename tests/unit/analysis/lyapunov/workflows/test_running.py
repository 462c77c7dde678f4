"""Tasks in turn, and what Ctrl-C leaves."""

from __future__ import annotations

import pytest

from neurobridge.analysis.lyapunov.workflows.running import in_turn


def stop():
    raise KeyboardInterrupt


def test_results_come_in_the_order_of_the_tasks():
    tasks = [lambda i=i: i * i for i in range(7)]
    for threads in (1, 3):
        done = in_turn(tasks, "squares", threads=threads, progress=False)
        assert done.results == [0, 1, 4, 9, 16, 25, 36]
        assert done.interruption == ""


def test_what_is_done_is_kept_when_it_is_interrupted():
    done = in_turn([lambda: 1, lambda: 2, stop, lambda: 4], "tasks", progress=False)
    assert done.results == [1, 2, None, None]
    assert done.interruption == "interrupted: 2 of 4 tasks"
    with pytest.raises(KeyboardInterrupt):
        in_turn([stop, lambda: 1], "tasks", progress=False)
    done = in_turn([lambda: 1, stop], "tasks", threads=2, progress=False)
    assert done.results == [1, None]
    assert done.interruption == "interrupted: 1 of 2 tasks"


def test_errors_are_not_kept_silent():
    def fail():
        raise ValueError("as it should")

    for threads in (1, 2):
        with pytest.raises(ValueError, match="as it should"):
            in_turn([lambda: 1, fail], "tasks", threads=threads, progress=False)
