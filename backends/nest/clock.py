"""How NEST divides time."""

from __future__ import annotations

__all__ = ["tics_per_ms"]

_CHOICES = (1000, 1024, 3000, 7000, 10_000, 65_536, 100_000, 1_000_000)


def tics_per_ms(dt: float) -> int:
    """How finely NEST must divide a millisecond, so that ``dt`` (ms) is a whole number of parts.

    Raises
    ------
    ValueError
        If no division down to 1 ns fits.
    """
    for tics in _CHOICES:
        parts = dt * tics
        if round(parts) >= 1 and abs(parts - round(parts)) < 1e-9 * parts:
            return tics
    raise ValueError(
        f"NEST divides a millisecond into whole parts, and dt = {dt!r} ms is not a multiple of any "
        "part down to 1 ns: use a dt such as 0.1, 0.05, 0.025 or 1/32 ms"
    )
