"""From an unrolled step to the compiled functions that take gradients back through it."""

from __future__ import annotations

__all__ = ["backward_kernel", "current_as", "kept"]

from neurobridge.backends.torch.fused.forward_code import ALLOWED_BIT, FIRES_BIT, FREE_BIT
from neurobridge.backends.torch.fused.names import Saved, Wanted, crossing, names_of
from neurobridge.backends.torch.fused.printer import Kernel, Layout
from neurobridge.backends.torch.fused.unrolled import (
    ALLOWED,
    CURRENT,
    FIRES,
    FREE,
    SPIKE,
    Code,
    Unrolled,
)
from neurobridge.lowering.adjoint import Adjoint, adjoint, adjoint_name, needed

FLAGS = {FREE: FREE_BIT, ALLOWED: ALLOWED_BIT, FIRES: FIRES_BIT}


def kept(form: Unrolled, wanted: Wanted) -> Saved:
    """What the backward kernels of all stages read of a step that has been."""
    found = Saved()
    for stage in range(len(form.stages)):
        found = found | _Plan(form, stage, wanted).saved()
    return found


def backward_kernel(form: Unrolled, stage: int, layout: Layout, wanted: Wanted) -> Kernel:
    """The way back through what :func:`forward_kernel` of the same stage does.

    It reads ``grad_state_x`` (and ``grad_spikes``, ``grad_signal_0`` ...), and leaves in
    ``grad_state_x`` the gradient at the beginning; it writes ``grad_coupling_0_x`` ... and
    ``grad_ring_x``, and adds to ``grad_constant_x`` and to ``grad_current``, which the last stage,
    the first on the way back, writes if it has a row for each step.
    """
    return _Plan(form, stage, wanted).kernel(layout)


def current_as(form: Unrolled, wanted: Wanted) -> str:
    """A coupling whose gradient is that of the injected current, which then is not stored twice.

    Empty if there is none, or if there are several stages.
    """
    if len(form.stages) > 1:
        return ""
    last = {a.target: a.expression for a in _Plan(form, 0, wanted).made.reverse}
    own = last.get(adjoint_name(CURRENT))
    same = (c for c in sorted(wanted.couplings) if last.get(adjoint_name(f"k0_{c}")) == own)
    return next(same, "") if own else ""


class _Plan:
    """What one backward kernel computes, before it is written down."""

    def __init__(self, form: Unrolled, stage: int, wanted: Wanted) -> None:
        self.form, self.stage, self.wanted = form, stage, wanted
        self.last = stage + 1 == len(form.stages)
        self.code: Code = (*form.stages[stage], *form.after(stage))
        self.upcoming = f"signal_{0 if self.last else stage + 1}"
        self.live_in = crossing(form, stage)
        self.live_out = () if self.last else crossing(form, stage + 1)
        self.seeds = self._seeds()
        self.made = adjoint(self.code, self.seeds, self._wanted_names(), form.partials)
        self.given = self._given()
        earlier = tuple(a for s in form.stages[:stage] for a in s)
        required = _open_names(self.made)
        self.again = needed((*earlier, *self.code), required, self.given)
        defined = {a.target for a in self.again}
        self.read = (required | names_of(self.again)) - defined

    def _seeds(self) -> dict[str, str]:
        """Adjoint -> array that it is read from."""
        form, sent = self.form, {}
        if form.sends:
            sent = {self.upcoming: f"grad_{self.upcoming}"}
        if self.last:
            spike = {SPIKE: "grad_spikes"} if form.distance else {}
            return {n: f"grad_state_{s}" for s, n in form.end.items()} | spike | sent
        states = {f"n0_{s}": f"grad_state_{s}" for s in form.lasting}
        return states | {n: f"grad_crossing_{n}" for n in self.live_out} | sent

    def _wanted_names(self) -> list[str]:
        wanted = self.wanted
        return [
            *(f"n0_{s}" for s in self.form.lasting),
            *self.live_in,
            *(f"k{self.stage}_{c}" for c in wanted.couplings),
            *((f"a_{r}" for r in wanted.receptors) if self.last else ()),
            *((CURRENT,) if wanted.current else ()),
            *(f"c_{c}" for c in wanted.constants),
        ]

    def _given(self) -> set[str]:
        """Names whose values are not worked out again."""
        given = {f"n0_{s}" for s in self.form.lasting}
        if self.form.sends:
            given.add(self.upcoming)
        if self.last:
            given |= set(self.form.end.values()) | set(self.form.before_reset.values())
        return given

    def saved(self) -> Saved:
        """What this kernel reads of the past."""
        form, read = self.form, self.read
        before = {s for s, n in form.before_reset.items() if n in read and n != form.end[s]} - {
            s for s in form.lasting if form.before_reset[s] == f"n0_{s}"
        }
        states = {s for s in form.lasting if {f"n0_{s}", form.end[s]} & read}
        couplings = {
            (k, n.partition("_")[2])
            for k in range(len(form.stages))
            for n in read
            if n.startswith(f"k{k}_")
        }
        arrived = {n[2:] for n in read if n.startswith("a_")}
        return Saved(frozenset(states), frozenset(before), frozenset(couplings), frozenset(arrived))

    def kernel(self, layout: Layout) -> Kernel:
        """What was planned, as text."""
        form, stage = self.form, self.stage
        kernel = Kernel(f"back_{stage}", layout)
        if self.read & FLAGS.keys():
            _load_flags(kernel, form, self.read)
        for name in sorted(self.read - FLAGS.keys()):
            self._load(kernel, name)
        for name, array in self.seeds.items():
            row = kernel.row(array, "t + 1" if array == "grad_signal_0" else "t")
            kernel.each.append(f"{adjoint_name(name)} = {row}[i]")
        kernel.do((*self.again, *self.made.primal, *self.made.reverse))
        for state in form.lasting:
            self._write(kernel, f"grad_state_{state}", f"n0_{state}")
        for name in self.live_in:
            self._write(kernel, f"grad_crossing_{name}", name)
        for coupling in sorted(self.wanted.couplings):
            self._write(kernel, f"grad_coupling_{stage}_{coupling}", f"k{stage}_{coupling}")
        if self.last:
            for receptor in sorted(self.wanted.receptors):
                self._write(kernel, f"grad_ring_{receptor}", f"a_{receptor}")
        if self.wanted.current == "each" and self.last:
            self._write(kernel, "grad_current", CURRENT)
        elif self.wanted.current:
            self._add(kernel, "grad_current", CURRENT)
        for constant in sorted(self.wanted.constants):
            self._add(kernel, f"grad_constant_{constant}", f"c_{constant}")
        return kernel

    def _write(self, kernel: Kernel, array: str, name: str) -> None:
        value = adjoint_name(name) if name in self.made.found else kernel.value("0.0")
        kernel.each.append(f"{kernel.row(array)}[i] = {value}")

    def _add(self, kernel: Kernel, array: str, name: str) -> None:
        if name in self.made.found:
            kernel.each.append(f"{kernel.row(array)}[i] += {adjoint_name(name)}")

    def _load(self, kernel: Kernel, name: str) -> None:
        form = self.form
        kind, _, own = name.partition("_")
        if kind == "c":
            kernel.load_constant(own)
            return
        if name == CURRENT:
            source = kernel.row("currents")
        elif name == self.upcoming:
            source = kernel.row(name, "t + 1" if self.last else "t")
        elif kind == "n0":
            source = kernel.row(f"state_{own}")
        elif kind == "a":
            source = kernel.row(f"arrived_{own}")
        elif name in form.end.values():
            state = next(s for s, n in form.end.items() if n == name)
            source = kernel.row(f"state_{state}", "t + 1")
        elif name in form.before_reset.values():
            state = next(s for s, n in form.before_reset.items() if n == name)
            source = kernel.row(f"before_{state}")
        else:
            source = kernel.row(f"coupling_{kind[1:]}_{own}")
        kernel.each.append(f"{name} = {source}[i]")


def _open_names(made: Adjoint) -> set[str]:
    """Names that adjoint code reads and does not make."""
    code = (*made.primal, *made.reverse)
    defined = {a.target for a in code}
    return {n for n in names_of(code) - defined if not n.startswith("adjoint_")}


def _load_flags(kernel: Kernel, form: Unrolled, read: set[str]) -> None:
    if not form.threshold:
        kernel.before.append("free = True")
        return
    kernel.each.append(f"flag = {kernel.row('flags')}[i]")
    kernel.each += [f"{n} = (flag & {FLAGS[n]}) != 0" for n in sorted(read & FLAGS.keys())]
