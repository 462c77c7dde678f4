"""Public names are found whatever was imported before, and cost nothing until they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.requirements import require


def prints(program: str) -> str:
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    return made.stdout.strip()


def test_torch_is_not_loaded_before_it_is_needed() -> None:
    program = (
        "import sys, neurobridge.training as t; t.load_run, t.list_runs, t.Train;"
        "print([n for n in ('torch', 'lightning', 'numba') if n in sys.modules])"
    )
    assert prints(program) == "[]"


def test_functions_are_not_hidden_by_modules() -> None:
    require("lightning")
    program = (
        "import neurobridge.training as t\n"
        "for name in [*t.__all__, *t.__all__]: getattr(t, name)\n"
        "print(callable(t.fit), callable(t.teach), callable(t.deploy), callable(t.grow))"
    )
    assert prints(program) == "True True True True"


def test_names_can_be_completed() -> None:
    program = (
        "import neurobridge.training as t\n"
        "print(set(t.__all__) <= set(dir(t)) and len(t.__all__) == len(set(t.__all__)))"
    )
    assert prints(program) == "True"


@pytest.mark.parametrize("missing", ["torch", "lightning"])
def test_what_is_not_installed_is_told(missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "import neurobridge as nb\n"
        "for use in (lambda: nb.training.fit,"
        " lambda: nb.load_experiment('celegans_patterns').training()):\n"
        "    try:\n"
        "        use()\n"
        "    except nb.BackendUnavailableError as err:\n"
        "        print(err)\n"
    )
    line = f"training needs {missing}, not installed here: pip install 'neurobridge-sim[torch]'"
    assert prints(program).splitlines() == [line, line]
