"""From a network to a Deployment: laid out, scaled, run on the twin, compared, mapped."""

from __future__ import annotations

__all__ = ["plan_deployment"]

import math
from collections.abc import Sequence
from typing import Any

from neurobridge.backends.fixedpoint.findings import chip_findings
from neurobridge.backends.spinnaker.machine import Machine, machine_settings
from neurobridge.comparison.build import compare_recordings
from neurobridge.comparison.execute import RunProgress
from neurobridge.deployment.changes import list_changes
from neurobridge.deployment.chip_model import refuse_without_chip_model
from neurobridge.deployment.decisions import decide
from neurobridge.deployment.grouping import group_neurons
from neurobridge.deployment.job import OTHER_SEED, REFERENCE, TWIN, job_of
from neurobridge.deployment.machine_facts import fit_findings
from neurobridge.deployment.measured_input import HEADROOM, measure_input
from neurobridge.deployment.quantisation import assess_quantisation
from neurobridge.deployment.rates import group_rates
from neurobridge.deployment.result import Deployment
from neurobridge.deployment.targets import check_settings, check_target
from neurobridge.deployment.weight_scale import choose_scale
from neurobridge.errors import ExperimentError, NetworkError
from neurobridge.graph.network import Network
from neurobridge.lowering.chip.cells import chip_cells
from neurobridge.lowering.finding import raise_if_errors


def plan_deployment(
    network: Network,
    duration: float,
    *,
    dt: float,
    to: str = "spinnaker",
    seed: int = 0,
    trial: int = 0,
    by: str | None = None,
    version: int = 5,
    boards: int | None = None,
    headroom: float = HEADROOM,
    accept: Sequence[str] = (),
    baseline: bool = True,
    chip_model: bool = False,
    progress: RunProgress | None = None,
    **settings: Any,
) -> Deployment:
    """Find out what a network will be and do on SpiNNaker; no board is needed, and none is used.

    The network is laid out for the chip and run once on the reference (float64) and once on the
    twin (the chip's integers) with the same input. Approximations do not stop this; they are
    listed, and have to be accepted before a bundle is written. Spikes of all populations are
    recorded, whatever the spike probes of the network.

    Parameters
    ----------
    network : Network
    duration : float or str
        In ms.
    dt : float or str
        In ms; at least 0.1.
    to : str
        The target: ``"spinnaker"``.
    seed, trial : int
        Key of everything that is drawn.
    by : str, optional
        Label by which rounding and rates are reported; default: ``cell_type`` if there is one,
        else the populations.
    version : int
        Kind of board: 5 (48 chips, as in large machines) or 3 (one board of 4 chips).
    boards : int, optional
        Boards that there are; default: as many as needed.
    headroom : float
        Factor on the measured input, where a scale is measured.
    accept : sequence of str
        Approximations that are accepted by name.
    baseline : bool
        Also run the reference with another seed, to show what a real difference looks like.
    chip_model : bool
        Also run the program files of sPyNNaker in the chip model; slow.
    progress : callable, optional
        Called with a label and the number of steps done.
    **settings
        Of the chip, see :data:`~neurobridge.lowering.chip.settings.CHIP_SETTINGS`. With
        ``max_summed_input`` nothing is chosen.

    Returns
    -------
    Deployment

    Raises
    ------
    UnknownNameError
        If the target, a label, a setting or an approximation does not exist.
    NetworkError
        If there is no neuron with dynamics.
    ExperimentError
        If the headroom is below 1.
    BackendError
        If a setting looks like a credential, or sPyNNaker cannot lay the network out.
    FindingsError
        If the chip cannot have the network; lists every reason.
    BackendUnavailableError
        If the chip model is asked for, and is not installed.
    KeyboardInterrupt
        If a run is interrupted.
    """
    check_target(to)
    check_settings(settings)
    machine = _machine(version, boards)
    _check_headroom(headroom)
    raise_if_errors([], accept)
    _refuse_sources_alone(network)
    if chip_model:
        refuse_without_chip_model()
    groups = group_neurons(network, by)
    job = job_of(network, duration, dt, seed, trial, progress)
    bound, findings = chip_findings(job.program, settings)
    job.refuse(findings, bound)
    reference = job.reference(seed, REFERENCE)
    measured = measure_input(
        job.program,
        chip_cells(job.program),
        job.drive,
        {n: (s.step, s.neuron) for n, s in reference.spikes.items()},
    )
    scaled = choose_scale(job.program, settings, bound, findings, measured, headroom)
    twin, engine = job.twin(scaled)
    other = job.reference(seed + 1, OTHER_SEED) if baseline else None
    comparison = compare_recordings(
        {REFERENCE: reference, TWIN: twin}, REFERENCE, other, tiers={TWIN: "T3"}
    )
    mapping = job.mapping(engine.network, machine)
    model = job.chip_model(twin, scaled.settings) if chip_model else None
    return Deployment(
        network=network,
        target=to,
        dt=job.program.dt,
        duration=job.drive.n_steps * job.program.dt,
        seed=seed,
        trial=trial,
        settings=scaled.settings,
        accepted=tuple(accept),
        findings=tuple(dict.fromkeys([*job.findings, *scaled.findings, *fit_findings(mapping)])),
        plan=scaled.plan,
        scales=scaled.scales,
        quantisation=assess_quantisation(scaled.plan, measured, groups),
        changes=list_changes(scaled.plan, network),
        chip_network=engine.network,
        expected=engine.result,
        comparison=comparison,
        rates=group_rates(groups, reference, twin, other),
        decisions=decide(network, reference, twin),
        mapping=mapping,
        chip_model=model,
    )


def _machine(version: Any, boards: Any) -> Machine:
    """A virtual board; nothing talks to a machine."""
    settings = {"machine": "virtual", "version": version}
    if boards is not None:
        settings["boards"] = boards
    machine, findings = machine_settings(settings)
    raise_if_errors(findings)
    return machine


def _refuse_sources_alone(network: Network) -> None:
    if all(p.model.is_source for p in network.populations.values()):
        raise NetworkError(
            "the network has sources only; there is nothing to deploy without a population of "
            "neurons with dynamics"
        )


def _check_headroom(headroom: Any) -> None:
    known = isinstance(headroom, (int, float)) and not isinstance(headroom, bool)
    if not known or not 1 <= headroom < math.inf:
        raise ExperimentError(f"headroom: expected a number of at least 1, got {headroom!r}")
