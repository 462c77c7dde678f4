"""A deployment as a folder for a machine with a board."""

from __future__ import annotations

__all__ = ["bundle_deployment"]

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.io.recording_file import refuse_used_folder
from neurobridge.lowering.finding import raise_if_errors

if TYPE_CHECKING:
    from neurobridge.deployment.result import Deployment


def bundle_deployment(deployment: Deployment, folder: str | Path) -> Path:
    """Write everything that a machine with a board needs.

    Parameters
    ----------
    deployment : Deployment
    folder : path
        New or empty.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FindingsError
        If an approximation was not accepted.
    FileFormatError
        If the folder is not empty.
    """
    from neurobridge.backends.spinnaker.bundle import write_bundle

    raise_if_errors(deployment.findings, deployment.accepted)
    target = Path(folder)
    refuse_used_folder(target, "a bundle")
    with tempfile.TemporaryDirectory(prefix="neurobridge-bundle-") as scratch:
        page = deployment.report(Path(scratch) / "report.html")
        return write_bundle(
            target,
            deployment.chip_network,
            expected=deployment.expected,
            manifest=_manifest(deployment),
            reports={
                "report.html": page,
                "quantisation": deployment.quantisation,
                "mapping": deployment.mapping,
                "changes": {"changes": [c.to_dict() for c in deployment.changes]},
                "comparison": deployment.comparison,
            },
        )


def _manifest(deployment: Deployment) -> dict[str, Any]:
    """What was written, from what, and how sure it is."""
    document = deployment.to_dict()
    kept = (
        "schema", "target", "network_id", "dt", "duration", "seed", "trial", "settings",
        "accepted", "evidence", "findings", "scales", "saturations", "versions",
    )  # fmt: skip
    shifts = {p.name: list(p.shifts) for p in deployment.plan.populations}
    return {**{key: document[key] for key in kept}, "shifts": shifts}
