"""From an unrolled step to the compiled functions that run it forward."""

from __future__ import annotations

__all__ = ["ALLOWED_BIT", "FIRES_BIT", "FREE_BIT", "forward_kernel"]

from neurobridge.backends.torch.fused.names import Saved, crossing, names_of
from neurobridge.backends.torch.fused.printer import Kernel, Layout
from neurobridge.backends.torch.fused.unrolled import CURRENT, FIRES, FREE, Unrolled
from neurobridge.expression import names_in
from neurobridge.lowering.program import Assignment

FREE_BIT, ALLOWED_BIT, FIRES_BIT = 1, 2, 4


def forward_kernel(
    form: Unrolled, stage: int, layout: Layout, saved: Saved, *, crossing_policy: bool
) -> Kernel:
    """The update of one stage, and what follows until neurons hear of each other again.

    Parameters
    ----------
    form : Unrolled
    stage : int
    layout : Layout
    saved : Saved
        What is kept for the way back.
    crossing_policy : bool
        Whether a spike needs that the threshold was not reached before.
    """
    last = stage + 1 == len(form.stages)
    kernel = Kernel(f"stage_{stage}", layout)
    used = names_of((*form.stages[stage], *form.after(stage)))
    if last:
        used |= set(form.end.values()) | set(form.before_reset.values())
        used |= {n for text in (form.threshold, form.above) if text for n in names_in(text)}
    made = {a.target for a in (*form.stages[stage], *form.after(stage))}
    if FREE in used or (last and form.threshold):
        _load_free(kernel, form)
    for name in sorted(used - made - {FREE, FIRES}):
        _load(kernel, name, saved, stage)
    kernel.do(form.stages[stage])
    if last:
        _finish(kernel, form, saved, crossing_policy)
        return kernel
    for name in crossing(form, stage + 1):
        if name in made:
            kernel.each.append(f"{kernel.row(f'crossing_{name}')}[i] = {name}")
    _send(kernel, form, form.signals[stage + 1], f"signal_{stage + 1}", "t")
    return kernel


def _load(kernel: Kernel, name: str, saved: Saved, stage: int) -> None:
    """Make a name known that is not assigned in the kernel."""
    kind, _, own = name.partition("_")
    if name == CURRENT:
        kernel.each.append(f"current = {kernel.row('currents')}[i]")
    elif kind == "c":
        kernel.load_constant(own)
    elif kind == "n0":
        kernel.each.append(f"{name} = {kernel.row(f'state_{own}')}[i]")
    elif kind == "a":
        row = kernel.row(f"ring_{own}")
        kernel.each += [f"{name} = {row}[i]", f"{row}[i] = 0"]
        if own in saved.receptors:
            kernel.each.append(f"{kernel.row(f'arrived_{own}')}[i] = {name}")
    elif kind == f"k{stage}":
        kernel.each.append(f"{name} = {kernel.row(f'coupling_{stage}_{own}')}[i]")
    else:
        kernel.each.append(f"{name} = {kernel.row(f'crossing_{name}')}[i]")


def _load_free(kernel: Kernel, form: Unrolled) -> None:
    if kernel.layout.refractory == "none" or not form.threshold:
        kernel.before.append("free = True")
        return
    kernel.each += [f"hold = {kernel.row('clamp', 't')}[i]", "free = hold == 0"]


def _finish(kernel: Kernel, form: Unrolled, saved: Saved, crossing_policy: bool) -> None:
    """Phases 2 and 3, and what is sent at the beginning of the next step."""
    kernel.do(form.received)
    for state in sorted(saved.before_reset):
        kernel.each.append(f"{kernel.row(f'before_{state}')}[i] = {form.before_reset[state]}")
    if form.threshold:
        _spike(kernel, form, crossing_policy)
    for state, name in form.end.items():
        kernel.each.append(f"{kernel.row(f'state_{state}', 't + 1')}[i] = {name}")
    _send(kernel, form, form.next_signal, "signal_0", "t + 1")


def _spike(kernel: Kernel, form: Unrolled, crossing_policy: bool) -> None:
    """Phase 3."""
    kernel.each += [f"above = {kernel.value(form.threshold)}", "allowed = free"]
    if crossing_policy:
        was_above = kernel.row("was_above")
        kernel.each.append(f"allowed = free & ({was_above}[i] == 0)")
    kernel.each.append("fires = above & allowed")
    kernel.do(form.reset)
    _clamp(kernel)
    if crossing_policy:
        after = kernel.value(form.above) if form.reset else "above"
        kernel.each.append(f"{was_above}[i] = byte({after})")
    spikes, flags = kernel.row("spikes"), kernel.row("flags")
    kernel.do([Assignment("spike", "where(fires, 1.0, 0.0)")])
    bits = {"free": FREE_BIT, "allowed": ALLOWED_BIT, "fires": FIRES_BIT}
    flag = " + ".join(f"byte({name})*{bit}" for name, bit in bits.items())
    kernel.each += [f"{spikes}[i] = spike", f"{flags}[i] = {flag}"]


def _clamp(kernel: Kernel) -> None:
    kind = kernel.layout.refractory
    if kind == "none":
        return
    steps, clamp = kernel.row("refractory"), kernel.row("clamp")
    if kind == "one":
        kernel.before.append(f"steps = {steps}[0]")
    else:
        kernel.each.append(f"steps = {steps}[i]")
    kernel.each.append(f"{clamp}[i] = steps if fires else (hold - 1 if hold > 0 else 0)")


def _send(kernel: Kernel, form: Unrolled, signal: str, array: str, row: str) -> None:
    if form.sends:
        kernel.each.append(f"{kernel.row(array, row)}[i] = {kernel.value(signal)}")
