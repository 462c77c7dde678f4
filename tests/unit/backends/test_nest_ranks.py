"""Several processes: what they share, and what is said where they cannot work together.

Two of them on one network are compared with one by ``tools/nest_on_two_ranks.py``, which needs a
NEST with MPI.
"""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from neurobridge import NetworkBuilder, models, run
from neurobridge.backends.nest import ranks
from neurobridge.backends.nest.nestml_build import _run
from neurobridge.comparison.execute import BackendRun, run_isolated
from neurobridge.errors import BackendError
from tests.requirements import require


@pytest.fixture(autouse=True)
def _forget():
    ranks.world.cache_clear()
    yield
    ranks.world.cache_clear()


@pytest.fixture
def network():
    b = NetworkBuilder()
    b.population("cells", 2, models.lif_delta)
    return b.build()


class World:
    """Process ``rank`` of three, which all hold the same."""

    size = 3

    def __init__(self, rank):
        self.rank = rank

    def allgather(self, value):
        return [value] * self.size

    def Allgatherv(self, mine, whole):  # noqa: N802 - the name in mpi4py
        whole[0][:] = np.tile(mine, self.size)

    def bcast(self, value):
        return value


def in_world(monkeypatch, rank):
    monkeypatch.setattr(ranks, "world", lambda: World(rank))


@pytest.mark.parametrize("name", ranks.SIZES)
def test_copies_of_a_nest_without_mpi_are_refused(monkeypatch, network, name):
    require("nest")
    monkeypatch.setenv(name, "4")
    ranks.world.cache_clear()
    with pytest.raises(BackendError, match=r"^4 processes were started.*no MPI.*nest_with_mpi\.sh"):
        run(network, 1.0, "nest", dt=0.1)
    monkeypatch.setenv(name, "1")
    ranks.world.cache_clear()
    info = run(network, 1.0, "nest", dt=0.1).info
    assert (info["processes"], info["rank"]) == (1, 0)


def test_the_wheel_is_refused_before_it_ends_the_process():
    require("nest")
    code = (
        "from neurobridge import NetworkBuilder, models, run\n"
        "b = NetworkBuilder()\n"
        "b.population('cells', 2, models.lif_delta)\n"
        "run(b.build(), 1.0, 'nest', dt=0.1)\n"
    )
    launched = {"OMPI_COMM_WORLD_SIZE": "2", "PMIX_RANK": "0", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=launched, capture_output=True, text=True, check=False
    )
    assert (
        "BackendError: 2 processes were started together, and this NEST has no MPI" in done.stderr
    )
    assert done.returncode == 1


def test_a_run_in_a_process_of_its_own_is_refused_under_mpirun(monkeypatch, network):
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
    with pytest.raises(BackendError, match=r"2 processes were started together.*docs/nest\.md"):
        run_isolated(network, 1.0, BackendRun("reference", "reference"), dt=0.1)


def test_a_missing_mpi4py_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "nest", SimpleNamespace(num_processes=2))
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ranks.RankError, match=r"2 processes.*pip install mpi4py"):
        ranks.world()


def test_another_mpi_than_that_of_nest_is_named(monkeypatch):
    alone = SimpleNamespace(MPI=SimpleNamespace(COMM_WORLD=SimpleNamespace(size=1)))
    monkeypatch.setitem(sys.modules, "nest", SimpleNamespace(num_processes=2))
    monkeypatch.setitem(sys.modules, "mpi4py", alone)
    with pytest.raises(ranks.RankError, match="NEST runs on 2 processes and mpi4py sees 1"):
        ranks.world()


def test_every_node_has_one_owner_and_no_process_is_left_out(monkeypatch):
    target = np.array([7, 9, 3, 12, 13])
    found = []
    for rank in range(3):
        in_world(monkeypatch, rank)
        found.append(ranks.owned(target).tolist())
    assert found == [[1, 2, 3], [0, 4], [0]]  # NEST passes over the last one, which is not its own


def test_what_all_hold_is_joined(monkeypatch):
    in_world(monkeypatch, 1)
    assert ranks.joined(np.array([4, 2])[::-1]).tolist() == [2, 4] * 3
    assert ranks.n_processes() == 3


def test_the_first_process_makes_and_an_error_of_it_is_raised_by_all(monkeypatch):
    in_world(monkeypatch, 0)
    assert ranks.once(lambda: "made") == "made"
    with pytest.raises(ZeroDivisionError):
        ranks.once(lambda: 1 / 0)
    in_world(monkeypatch, 1)
    ranks.once(lambda: pytest.fail("another process made it"))


def test_tools_are_started_as_processes_on_their_own(monkeypatch):
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
    monkeypatch.setenv("PMIX_RANK", "1")
    code = "import os; print([k for k in os.environ if k.startswith(('OMPI_', 'PMI'))])"
    assert _run([sys.executable, "-c", code]).stdout.strip() == "[]"


def test_remarks_of_nest_do_not_precede_what_a_program_prints():
    require("nest")
    code = "from neurobridge.backends.nest import tools\nprint('{}')"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"OMP_NUM_THREADS": "2", "PATH": ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "{}\n"
    assert "OMP_NUM_THREADS" in done.stderr
