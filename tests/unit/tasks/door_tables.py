"""A small folder of tables as DoOR has them; the numbers are made up."""

from __future__ import annotations

import gzip
from pathlib import Path

MATRIX = """\
InChIKey,OrA,OrB,OrC,OrD
SFR,0.1,0.1,0.1,0.1
XLYOFNOQVPJJNP-UHFFFAOYSA-N,0.9,0.9,0.9,0.9
solvent,0.8,0.8,0.8,0.8
KEY-ROSE,1.0,0.0,0.2,0.0
KEY-RUST,0.0,0.6,0.0,NA
KEY-MOSS,0.1,0.1,0.9,0.0
KEY-SEA,0.1,0.2,NA,NA
KEY-AIR,0.0,0.0,0.0,0.0
"""

NAMES = """\
Class,Name,InChIKey,CID
,sfr,SFR,SFR
other,water,XLYOFNOQVPJJNP-UHFFFAOYSA-N,962
other,oil,solvent,
ester,Rose oxide,KEY-ROSE,1
,rust,KEY-RUST,2
alcohol,moss,KEY-MOSS,3
,sea,KEY-SEA,4
,air,KEY-AIR,5
"""


def door_folder(folder: Path, matrix: str = MATRIX, names: str = NAMES) -> Path:
    """Write the tables, one of them compressed."""
    folder.mkdir(exist_ok=True)
    with gzip.open(folder / "door_response_matrix.csv.gz", "wt", encoding="utf-8") as file:
        file.write(matrix)
    (folder / "odor.csv").write_text(names, encoding="utf-8")
    return folder
