"""Responses of receptors at other concentrations."""

from __future__ import annotations

__all__ = ["Dose", "dose_response"]

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError

Dose = Literal["linear", "hill"]


def dose_response(
    response: ArrayLike, concentration: float, dose: Dose = "linear", hill: float = 1.0
) -> NDArray[np.float64]:
    r"""Responses at another concentration than that of the data base.

    Parameters
    ----------
    response : float64 array
        At concentration 1, in 0 .. 1.
    concentration : float
        Above 0.
    dose : {"linear", "hill"}
        ``linear``: :math:`c\,r`. ``hill``: binding that saturates at 1 and gives :math:`r` at
        :math:`c = 1`, :math:`r c^n / (r c^n + 1 - r)`, that is, each receptor's Hill curve with
        the half-maximal concentration :math:`((1-r)/r)^{1/n}`.
    hill : float
        The exponent :math:`n`; 1 is one binding site.

    Returns
    -------
    float64 array

    Raises
    ------
    NetworkError
        If an option does not fit, or a linear response would be above the largest one, 1.
    """
    r = np.asarray(response, dtype=np.float64)
    if not 0 < concentration < np.inf or not 0 < hill < np.inf:
        raise NetworkError(
            f"a concentration and a Hill exponent are numbers above 0, got {concentration} and "
            f"{hill}"
        )
    if dose not in get_args(Dose):
        raise NetworkError(f"dose must be 'linear' or 'hill', got {dose!r}")
    if dose == "hill":
        scaled = r * concentration**hill
        return np.asarray(scaled / (scaled + (1 - r)))
    if r.size and r.max() * concentration > 1:
        raise NetworkError(
            f"concentration {concentration:g} would give a response of "
            f"{r.max() * concentration:.3g}, above the largest one, 1; use dose='hill', which "
            "saturates, or a lower concentration"
        )
    return np.asarray(r * concentration)
