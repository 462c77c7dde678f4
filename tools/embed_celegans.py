"""Write the embedded C. elegans files from the PyPI package cect 0.3.5, byte for byte the same.

    python tools/embed_celegans.py [FOLDER]

FOLDER is neurobridge/connectome/data by default. Two files are written: celegans_cells.csv and
celegans_edges.csv, sorted and plain text, so that a difference can be read.

Sources, as shipped by cect (MIT licence): the cached matrices of Cook et al. (2019), SI 5,
corrected July 2020, hermaphrodite; Supplementary File 2 of Wang et al. (2024); and the cell lists
of Cook et al. (2019).
"""

from __future__ import annotations

import csv
import json
import re
import sys
import warnings
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

CECT_VERSION = "0.3.5"
CELLS, EDGES = "celegans_cells.csv", "celegans_edges.csv"
KINDS = {"Generic_CS": "chemical", "Generic_GJ": "gap"}

# Rows of Supplementary File 2 whose names hedge between two neurons of the ventral cord.
ATLAS_NAMES = {"DB1/3": "DB1", "DB3/1": "DB3"}
ATLAS_SHEET, ATLAS_ROWS = "Supp File 2", range(5, 307)
ATLAS_NAME_COLUMN, ATLAS_NT_COLUMNS = 3, (21, 22, 23)
RELEASED = {
    "ACh": "acetylcholine",
    "Glu": "glutamate",
    "GABA": "gaba",
    "DA": "dopamine",
    "5-HT": "serotonin",
    "octopamine": "octopamine",
    "tyramine": "tyramine",
    "betaine": "betaine",
}
ROLES = {
    "sensory neuron": "sensory",
    "interneuron": "inter",
    "motor neuron": "motor",
    "polymodal neuron": "polymodal",
}


def main(folder: Path) -> None:
    if version("cect") != CECT_VERSION:
        raise SystemExit(f"expected cect {CECT_VERSION}, got {version('cect')}")
    nodes, edges = read_connections()
    write(folder / EDGES, ("pre", "post", "kind", "count"), sorted(edges))
    header = ("name", "cell_class", "cell_type", "role", "pharyngeal", "side", "nt", "nt_all")
    write(folder / CELLS, header, cell_rows(nodes))


def read_connections() -> tuple[list[str], list[tuple[str, str, str, int]]]:
    """Names of all cells, and (pre, post, kind, count) of all connections."""
    cache = json.loads(
        files("cect").joinpath("cache", "Cook2019HermReader.json").read_text(encoding="utf-8")
    )
    names, edges = cache["nodes"], []
    for synapse_class, kind in KINDS.items():
        for pre, row in zip(names, cache["connections"][synapse_class], strict=True):
            for post, count in zip(names, row, strict=True):
                if count:
                    if count != int(count):
                        raise SystemExit(f"{pre} -> {post}: {count} is not a whole number")
                    edges.append((pre, post, kind, int(count)))
    return sorted(names), edges


def cell_rows(names: list[str]) -> list[tuple[str, ...]]:
    import cect

    cect.print_ = lambda *_: None
    from cect import Cells

    Cells.print_ = lambda *_: None
    classification = Cells.get_primary_classification()
    neurons = set(Cells.PREFERRED_HERM_NEURON_NAMES)
    muscles = set(Cells.PREFERRED_MUSCLE_NAMES)
    transmitters = read_transmitters()
    if set(transmitters) != neurons or not neurons <= set(names):
        raise SystemExit("the atlas, the cell lists and the connections name different neurons")
    rows = []
    for name in names:
        cell_class = "neuron" if name in neurons else "muscle" if name in muscles else "other"
        released = transmitters.get(name, [])
        rows.append(
            (
                name,
                cell_class,
                cell_type(name, neurons) if name in neurons else classification[name],
                ROLES.get(classification[name], ""),
                str(name in Cells.PHARYNGEAL_NEURONS).lower() if name in neurons else "",
                side(name, neurons) if name in neurons else "",
                released[0] if released else "",
                ";".join(released),
            )
        )
    return rows


def read_transmitters() -> dict[str, list[str]]:
    """What every neuron releases, in the order of the atlas."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an extension of the sheet that openpyxl does not know
        path = files("cect").joinpath("data", "elife-95402-supp2-v1.xlsx")
        sheet = openpyxl.load_workbook(str(path))[ATLAS_SHEET]
    result = {}
    for row in ATLAS_ROWS:
        name = sheet.cell(row=row, column=ATLAS_NAME_COLUMN).value
        entries = [sheet.cell(row=row, column=column).value for column in ATLAS_NT_COLUMNS]
        released = [t for t in map(released_transmitter, filter(None, entries)) if t]
        result[ATLAS_NAMES.get(name, name)] = released
    return result


def released_transmitter(entry: str) -> str:
    """The transmitter of one entry of the atlas, or '' for an unknown one or for mere uptake.

    A star marks dim, variable expression; NEW what earlier work did not know. Betaine is taken up
    and released again; uptake of serotonin or GABA alone may be clearance.
    """
    plain = re.sub(r"^\*|\s*- NEW\s*$", "", entry.strip()).strip()
    known = re.match(r"(ACh|Glu|GABA|DA|5-HT|octopamine|tyramine|betaine)\b(?!P)", plain)
    if known is None:
        if not re.search(r"unknown|5-HTP|male - 5-HT", plain, flags=re.IGNORECASE):
            raise SystemExit(f"unexpected entry in the atlas: {entry!r}")
        return ""
    uptake_only = plain.endswith("(uptake)") and known[1] != "betaine"
    return "" if uptake_only else RELEASED[known[1]]


def cell_type(name: str, neurons: set[str]) -> str:
    """The name without its side, where the other side exists."""
    return name[:-1] if side(name, neurons) else name


def side(name: str, neurons: set[str]) -> str:
    if name[-1] not in "LR":
        return ""
    partner = name[:-1] + ("R" if name[-1] == "L" else "L")
    return {"L": "left", "R": "right"}[name[-1]] if partner in neurons else ""


def write(path: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    default = Path(__file__).resolve().parent.parent / "neurobridge" / "connectome" / "data"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
