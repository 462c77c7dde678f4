"""TrainableNetwork: a network as a torch module whose parameters keep their constraints."""

from __future__ import annotations

__all__ = ["Result", "TrainableNetwork"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import nn

from neurobridge.backends.torch.carry import Outputs
from neurobridge.backends.torch.constants import trained_constants, trained_initial
from neurobridge.backends.torch.inputs import Injection, Inputs
from neurobridge.backends.torch.network import Options, TorchNetwork
from neurobridge.backends.torch.surrogate import Surrogate
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.graph.stimulus import Stimulus
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.finding import raise_if_errors
from neurobridge.lowering.grid import check_dt, to_steps
from neurobridge.lowering.lower import lower
from neurobridge.training.chip import ChipTraining
from neurobridge.training.on_chip import OnChip
from neurobridge.training.options import (
    check_device,
    checked_precision,
    recorded_states,
    specified,
    surrogates_of,
)
from neurobridge.training.parameters import LowRankPart, Trained, make_trained
from neurobridge.training.readouts import read
from neurobridge.training.specification import Train


@dataclass
class Result:
    """What a batch gave: its :class:`Outputs`, and (B, n_out) or (T, B, n_out) by readout."""

    outputs: Outputs
    readouts: dict[str, torch.Tensor]


class TrainableNetwork(nn.Module):
    """A network in torch, of which chosen parts are trained.

    In training mode the trained values are functions of the parameters. In evaluation mode
    (:meth:`eval`) the module runs the network that :meth:`to_network` would write, lowered as any
    backend lowers it, so that what is evaluated is what is exported.

    Parameters
    ----------
    network : Network
    dt : float
        In ms.
    train : sequence of Train
        May be empty: the network then only runs, as a teacher does.
    precision : {"float32", "float64"}
    device : str
    surrogate : Surrogate or mapping of population to Surrogate, optional
        Default: a fast sigmoid ten times narrower than the distance from rest to threshold, and as
        high as one over that distance (Zenke & Ganguli 2018).
    record : sequence of (population, variable)
        States that losses use.
    checkpoint_every, truncate_every : int, optional
        See :class:`Options`.
    accept : sequence of str
        Approximations that are accepted, as for :func:`neurobridge.compile`.
    chip : ChipTraining, optional
        Train the network as SpiNNaker will run it: with its time step, and through the rounding of
        weights and constants.

    Raises
    ------
    FindingsError, NetworkError, UnknownNameError
        If the network cannot run at this dt, or on the chip, or a path does not fit.
    ModelError
        If a cell of the chip has no difference equations in real numbers.
    """

    def __init__(
        self,
        network: Network,
        dt: float,
        train: Sequence[Train],
        *,
        precision: Literal["float32", "float64"] = "float32",
        device: str = "cpu",
        surrogate: Surrogate | Mapping[str, Surrogate] | None = None,
        record: Sequence[tuple[str, str]] = (),
        checkpoint_every: int | None = None,
        truncate_every: int | None = None,
        accept: Sequence[str] = (),
        chip: ChipTraining | None = None,
    ) -> None:
        super().__init__()
        dtype = checked_precision(precision)
        check_device(device)
        self.specs = specified(train)
        self.network, self.dt, self.accept = network, check_dt(dt), tuple(accept)
        self.program = lower(network, self.dt)
        raise_if_errors(self.program.findings, accept)
        self.options = Options(
            dtype, device, surrogates_of(self.program, surrogate),
            checkpoint_every, truncate_every, recorded_states(network, record),
        )  # fmt: skip
        self.chip = None if chip is None else OnChip(chip, self.program)
        self.core = TorchNetwork(self.chip.program if self.chip else self.program, self.options)
        self.trained = nn.ModuleList([make_trained(s, network, dtype) for s in self.specs])
        self.to(device)
        self._exported: TorchNetwork | None = None

    # -- values ---------------------------------------------------------------------------------

    @property
    def parts(self) -> list[Trained | LowRankPart]:
        """The module of each specification, in order."""
        return cast("list[Trained | LowRankPart]", list(self.trained))

    def _module(self, path: str) -> Trained | LowRankPart:
        for part in self.parts:
            if part.spec.path == path:
                return part
        raise UnknownNameError("trained path", path, [s.path for s in self.specs])

    def physical(self, path: str) -> torch.Tensor:
        """The values of a trained path as the network has them, one an element."""
        values: torch.Tensor = self._module(path)()
        return values

    def initial_physical(self, path: str) -> torch.Tensor:
        """The values of a trained path before training."""
        return self._module(path).value

    def _of(self, kind: str, part: str, field: str) -> torch.Tensor | None:
        for module in self.parts:
            target = module.target
            if (target.kind, target.part, target.field) == (kind, part, field):
                values: torch.Tensor = module()
                return values
        return None

    def weights(self) -> list[torch.Tensor]:
        """The weights of every pathway, (E,)."""
        changed = {name: self._projection(name) for name in self.network.projections}
        found = []
        for path, fixed in zip(self.program.pathways, self.core.weights, strict=True):
            new = changed[path.projection]
            if new is None:
                found.append(fixed)
                continue
            own = new if path.edge is None else new[_index(path.edge, new.device)]
            entry = self._entry_takes_magnitude(path.post, path.receptor)
            found.append(own.abs() if entry else own)
        return found

    def _entry_takes_magnitude(self, population: str, receptor: str) -> bool:
        return self.network.population(population).model.reached(receptor)[0].magnitude

    def _projection(self, name: str) -> torch.Tensor | None:
        """Signed weights of a projection, or None if nothing of it is trained."""
        weight = self._of("weight", name, "weight")
        scale = self._of("scale", name, "scale")
        low_rank = self._of("low_rank", name, "low_rank")
        if weight is None and scale is None and low_rank is None:
            return None
        if weight is None:
            values = self.network.weights(name)
            weight = torch.as_tensor(values, dtype=self.options.dtype, device=self.options.device)
        if scale is not None:
            weight = weight * scale
        return weight if low_rank is None else weight + low_rank

    def _constants(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Constants and initial states, those that follow from trained parameters renewed."""
        constants, initial = self.core.constants, self.core.initial
        follow = self.chip.constants if self.chip else trained_constants
        for p in self.program.populations:
            trained = {
                m.target.field: m()
                for m in self.parts
                if m.target.kind == "parameter" and m.target.part == p.name
            }
            for name, value in follow(p, trained, self.dt).items():
                constants[p.name][name] = value.to(self.options.dtype)
            source = self.network.population(p.name)
            for name, value in trained_initial(p, source, trained).items():
                initial[p.name][name] = value.to(self.options.dtype)
            for m in self.parts:
                if m.target.kind == "initial" and m.target.part == p.name:
                    initial[p.name][m.target.field] = m()
        return constants, initial

    # -- running --------------------------------------------------------------------------------

    def forward(self, inputs: Inputs, features: Mapping[str, torch.Tensor] | None = None) -> Result:
        """Run a batch.

        Parameters
        ----------
        inputs : Inputs
            See :meth:`inputs`.
        features : mapping of encoder to tensor (B, n_in) or (T, B, n_in), optional
            What encoders of kind ``current`` inject, during the whole run or step by step.

        Returns
        -------
        Result
        """
        for name, value in (features or {}).items():
            inputs = self._encode(inputs, name, value)
        if self.training or not self.specs:
            constants, initial = self._constants()
            values = constants, self.weights(), initial
            outputs = self.core(inputs, *(self.chip.held(self, *values) if self.chip else values))
        else:
            outputs = self._export()(inputs)
        return Result(outputs, self.read(outputs))

    def read(self, outputs: Outputs) -> dict[str, torch.Tensor]:
        """Every readout of the network."""
        return {
            name: read(readout, outputs, *self._map("readout", name), self.dt)
            for name, readout in self.network.readouts.items()
        }

    def _map(self, kind: str, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        part: Any = (self.network.readouts if kind == "readout" else self.network.encoders)[name]
        found = []
        for field in ("weight", "bias"):
            value = self._of(kind, name, field)
            if value is None:
                array = np.array(getattr(part, field))
                value = torch.as_tensor(array).to(self.options.device, self.options.dtype)
            found.append(value)
        return found[0], found[1]

    def _encode(self, inputs: Inputs, name: str, features: torch.Tensor) -> Inputs:
        if name not in self.network.encoders:
            raise UnknownNameError("encoder", name, self.network.encoders)
        encoder = self.network.encoders[name]
        weight, bias = self._map("encoder", name)
        if features.shape[-1] != weight.shape[1]:
            raise NetworkError(
                f"encoder {name!r}: {features.shape[-1]} features were given, it takes "
                f"{weight.shape[1]}"
            )
        features = features.to(self.options.dtype)
        steps = features[None] if features.ndim == 2 else features
        # rows that are contiguous make the gradient a product of few rows, several times as fast
        value = torch.addmm(bias, steps.flatten(0, 1), weight.T.contiguous())
        value = value.view(*steps.shape[:2], -1).transpose(1, 2)
        return inputs.with_current(
            encoder.population, Injection(value, _index(encoder.neurons, value.device))
        )

    def inputs(
        self,
        trials: Sequence[Sequence[Stimulus]],
        duration: float,
        *,
        seed: int = 0,
        numbers: Sequence[int] | None = None,
    ) -> Inputs:
        """Draw the stimuli of a batch on the host, as every backend gets them.

        Parameters
        ----------
        trials : sequence of sequence of Stimulus
            Those of each run; they come on top of, or replace, the network's own.
        duration : float
            In ms.
        seed : int
        numbers : sequence of int, optional
            Trial number of each run, with which it is drawn; default 0, 1, 2 ...
        """
        n_steps, findings = to_steps(duration, self.dt, "duration", "duration_rounding", at_least=1)
        drives = []
        for i, stimuli in enumerate(trials):
            network = self.network
            for stimulus in stimuli:
                network = network.with_stimulus(stimulus)
            trial = i if numbers is None else int(numbers[i])
            drive, found = lower_drive(network, self.dt, int(n_steps), seed, trial)
            drives.append(drive)
            findings = [*findings, *found]
        raise_if_errors(findings, self.accept)
        if self.chip:
            if not self.training and self.specs:
                self._export()  # its layout is that of the network as it is now
            drives = [self.chip.given(drive) for drive in drives]
        device = torch.device(self.options.device)
        return Inputs.from_drives(drives, self.program, self.options.dtype, device)

    # -- writing back ---------------------------------------------------------------------------

    def to_network(self, *, verify: bool = False, **notes: Any) -> Network:
        """The network with what was trained written into it.

        Parameters
        ----------
        verify : bool
            Run it with its own stimuli on torch and on the reference, and compare; see
            :func:`neurobridge.training.write_back.verified`.
        **notes
            What belongs into the history: task, seed, number of epochs.

        Raises
        ------
        TrainingError
            If values are not finite, the runs differ, or nothing happens in them.
        """
        from neurobridge.training.write_back import verified, written_back

        with torch.no_grad():
            network = written_back(self, notes)
            if self.chip:
                network = self.chip.how.limited(network, self.dt)
        return verified(network, self.dt, self.accept) if verify else network

    def train(self, mode: bool = True) -> TrainableNetwork:
        """Training mode, or evaluation mode."""
        self._exported = None
        return super().train(mode)

    def _export(self) -> TorchNetwork:
        if self._exported is None:
            program = lower(self.to_network(), self.dt)
            if self.chip:
                program = self.chip.deployed(program)
            self._exported = TorchNetwork(program, self.options)
        return self._exported


def _index(array: Any, device: torch.device) -> torch.Tensor:
    return torch.as_tensor(np.asarray(array, dtype=np.int64), device=device)
