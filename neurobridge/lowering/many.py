"""Many runs of one built network, several at a time where the engine can share what it built."""

from __future__ import annotations

__all__ = ["RunJob", "perform_all"]

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

from neurobridge.graph.network import Network
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Drive, PopulationProgram, Program
from neurobridge.recording import Recording

if TYPE_CHECKING:
    from neurobridge.backends.base import Engine, Progress


@dataclass(frozen=True)
class RunJob:
    """All that one run plays.

    ``own`` is the network with the parameters of the run, ``network`` has its stimuli too;
    ``changed`` are the populations whose constants differ from those of the engine.
    """

    own: Network
    network: Network
    changed: tuple[PopulationProgram, ...]
    drive: Drive
    seed: int
    trial: int
    findings: tuple[Finding, ...]


Perform = Callable[["Engine", RunJob, "Progress | None"], Recording]


def perform_all(
    engine: Engine,
    program: Program,
    jobs: Sequence[RunJob],
    perform: Perform,
    threads: int,
    progress: Progress | None,
) -> list[Recording]:
    """The recordings of all jobs, in order; afterwards the engine has its parameters as before.

    Parameters
    ----------
    engine : Engine
    program : Program
        With the parameters that the engine has.
    jobs : sequence of RunJob
    perform : callable
        Runs one job on an engine that has its parameters.
    threads : int
    progress : callable, optional
        Called with the number of jobs done.
    """
    engines = [engine]
    while len(engines) < min(threads, len(jobs)) and (other := engine.share()) is not None:
        engines.append(other)
    idle: SimpleQueue[Engine] = SimpleQueue()
    for one in engines:
        idle.put(one)

    def do(job: RunJob) -> Recording:
        own = idle.get()
        try:
            for population in job.changed:
                own.set_population(population)
            return perform(own, job, None)
        finally:
            for population in job.changed:
                own.set_population(program.population(population.name))
            idle.put(own)

    if len(engines) == 1:
        found = []
        for number, job in enumerate(jobs):
            found.append(do(job))
            if progress is not None:
                progress(number + 1)
        return found
    with ThreadPoolExecutor(len(engines)) as pool:
        futures: list[Future[Recording]] = [pool.submit(do, job) for job in jobs]
        try:
            for number, done in enumerate(as_completed(futures)):
                done.result()
                if progress is not None:
                    progress(number + 1)
        except BaseException:
            for future in futures:
                future.cancel()
            raise
    return [f.result() for f in futures]
