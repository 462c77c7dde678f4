"""The folder of a study: what was understood, one file for each finished trial, and the tables.

====================  ============================================================================
``study.json``        the study as it was understood, and the versions that it is run with
``networks/ID/``      the networks, in their native format
``trials/K/KEY.json`` the result of one trial; written whole or not at all, and never again
``spikes/KEY.parquet``  its spikes, if the study keeps them
``results.parquet``   all results, in the order of the study
``timings.parquet``   how long each took, where and with which versions
``failures.json``     trials that failed the last time, with their tracebacks
====================  ============================================================================
"""

from __future__ import annotations

__all__ = ["Store", "TrialFiles", "read_manifest"]

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neurobridge.errors import FileFormatError, StudyError
from neurobridge.io.document import read_document
from neurobridge.io.native import save
from neurobridge.study.files import as_json, write_whole
from neurobridge.study.study import Study
from neurobridge.study.trial import Trial
from neurobridge.study.versions import differences, versions_here

SCHEMA = "neurobridge-study/1"
TRIAL = "neurobridge-trial/1"
MANIFEST, RESULTS, TIMINGS, FAILURES = (
    "study.json", "results.parquet", "timings.parquet", "failures.json",
)  # fmt: skip

Row = Mapping[str, Any]


class TrialFiles:
    """The trials of a store, as workers see them: each by its key.

    Parameters
    ----------
    folder : Path
        Of the store.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, key: str) -> Path:
        """The file of a trial."""
        return self.folder / "trials" / key[:2] / f"{key}.json"

    def network(self, network_id: str) -> Path:
        """The folder of a network."""
        return self.folder / "networks" / network_id[:16]

    def read(self, key: str) -> dict[str, Any] | None:
        """The row of a finished trial; None if it is not there, or not readable."""
        try:
            row = json.loads(self.place(key).read_bytes())
        except (OSError, ValueError):
            return None
        whole = isinstance(row, dict) and (row.get("schema"), row.get("key")) == (TRIAL, key)
        return row if whole else None

    def finished(self, trials: Sequence[Trial]) -> dict[str, dict[str, Any]]:
        """The rows of the trials that are finished, by key."""
        rows = {key: self.read(key) for key in dict.fromkeys(t.key for t in trials)}
        return {key: row for key, row in rows.items() if row is not None}

    def failures(self) -> list[dict[str, Any]]:
        """The trials that failed the last time; none if that is not there, or not readable."""
        try:
            found: list[dict[str, Any]] = json.loads((self.folder / FAILURES).read_bytes())
        except (OSError, ValueError):
            return []
        return found

    def write(self, key: str, row: Row, spikes: Any | None) -> dict[str, Any]:
        """Keep a finished trial; its spikes first, so that a trial that is there is complete.

        Raises
        ------
        OSError
        """
        whole = {"schema": TRIAL, "key": key, **row}
        if spikes is not None:
            from neurobridge.study.tables import spikes_table  # pyarrow takes long to import

            write_whole(self.folder / "spikes" / f"{key}.parquet", spikes_table(spikes))
        write_whole(self.place(key), as_json(whole))
        return whole


class Store(TrialFiles):
    """The store of one study, held by the process that runs it; see :meth:`held`."""

    def __init__(self, folder: Path, study: Study) -> None:
        super().__init__(folder)
        self.study = study

    @classmethod
    @contextmanager
    def held(cls, folder: Path, study: Study, *, extend: bool = False) -> Iterator[Store]:
        """Open the store of a study, or begin one; nobody else can meanwhile.

        Parameters
        ----------
        folder : Path
        study : Study
        extend : bool
            Go on although the study, or a version, is another one than before. What both have in
            common is not run again.

        Raises
        ------
        StudyError
            If the folder is used by another process, cannot be written, or belongs to another
            study or other versions.
        FileFormatError
            If it holds something else.
        """
        refuse_other_folder(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "lock").open("a+", encoding="utf-8")
        except OSError as err:
            raise StudyError(
                f"{folder} cannot be written: {err.strerror or err}; choose another --out"
            ) from err
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.seek(0)
                raise StudyError(
                    f"{folder} is in use: {lock.read().strip() or 'another process'} runs this "
                    "study; wait for it, or stop it"
                ) from None
            lock.truncate(0)
            lock.write(f"process {os.getpid()} on {socket.gethostname()}")
            lock.flush()
            store = cls(folder, study)
            with told_if_full(folder):
                store._begin(extend)
            yield store

    def conclude(
        self, trials: Sequence[Trial], rows: Mapping[str, Row], failures: Sequence[Row]
    ) -> None:
        """Write the tables of what is finished, in the order of the study.

        Raises
        ------
        StudyError
            If the disk is full. The finished trials stay.
        """
        from neurobridge.study.tables import results_table, timings_table, to_parquet

        with told_if_full(self.folder):
            results = results_table(self.study, trials, rows)
            write_whole(self.folder / RESULTS, to_parquet(results))
            write_whole(self.folder / TIMINGS, to_parquet(timings_table(trials, rows)))
            write_whole(self.folder / FAILURES, as_json(list(failures)))

    def _begin(self, extend: bool) -> None:
        here = {
            "schema": SCHEMA,
            "name": self.study.name,
            "versions": versions_here(),
            "study": json.loads(as_json(self.study.document())),
        }
        if (self.folder / MANIFEST).exists() and not extend:
            _refuse_changed(self.folder, read_manifest(self.folder), here, self.study)
        for subject in self.study.subjects:
            if not self.network(subject.network.id).exists():
                save(subject.network, self.network(subject.network.id))
        if not (self.folder / MANIFEST).exists() or extend:
            write_whole(self.folder / MANIFEST, as_json(here))


def read_manifest(folder: Path) -> dict[str, Any]:
    """What ``study.json`` says.

    Raises
    ------
    FileFormatError
        If the folder holds no study, or one that this version cannot read.
    """
    return read_document(folder / MANIFEST, SCHEMA, f"{folder} holds no study")


def refuse_other_folder(folder: Path) -> None:
    """A store is not mixed with other files.

    Raises
    ------
    FileFormatError
        If the folder is a file, or holds things, but no study.
    """
    if folder.exists() and not folder.is_dir():
        raise FileFormatError(f"{folder} is a file; a study needs a folder")
    if not folder.is_dir() or (folder / MANIFEST).exists():
        return
    held = sorted(p.name for p in folder.iterdir() if p.name not in ("lock", "networks"))
    if held:
        raise FileFormatError(
            f"{folder} holds {held[0]!r}, but no study; a study needs a new or an empty folder"
        )


@contextmanager
def told_if_full(folder: Path) -> Iterator[None]:
    """A full disk, or one that is gone, is said in words; finished trials are on it already.

    Raises
    ------
    StudyError
        In place of an :class:`OSError`.
    """
    try:
        yield
    except OSError as err:
        raise StudyError(could_not_write(folder, err)) from err


def could_not_write(folder: Path, err: OSError) -> str:
    """What to say if something cannot be kept."""
    return (
        f"{folder} cannot be written: {err.strerror or err}. The trials that were finished are "
        "kept; make room, and start the same command again"
    )


def _refuse_changed(
    folder: Path, before: Mapping[str, Any], now: Mapping[str, Any], study: Study
) -> None:
    versions = differences(now["versions"], before["versions"])
    if versions:
        raise StudyError(
            f"{folder} was begun with other versions ({versions}), so results could differ for no "
            "other reason; use those versions, choose another --out, or go on with --extend"
        )
    found = list(_changes(before["study"], now["study"]))
    if found:
        lines = "\n".join(
            f"  {study.places.file.place(location)}: {'.'.join(location)} is {new}, the store has "
            f"{old}"
            for location, new, old in found
        )
        raise StudyError(
            f"the study changed since {folder} was begun:\n{lines}\nChoose another --out, take the "
            "changes back, or go on with --extend: what both have in common is not run again"
        )


def _changes(before: Row, now: Row) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Where two documents differ: location, and both values in short."""
    for key in dict.fromkeys([*now, *before]):
        old, new = before.get(key), now.get(key)
        if old == new:
            continue
        if key == "parameters" and isinstance(old, dict) and isinstance(new, dict):
            for path, mine, other in _changes(old, new):
                section = "zip" if path[0] in now["zip"] else "parameters"
                yield (section, *path), mine, other
        elif key == "experiments" and isinstance(old, dict) and isinstance(new, dict):
            yield (key,), *_short_networks(new, old)
        else:
            yield (key,), _short(new), _short(old)


def _short_networks(new: Row, old: Row) -> tuple[str, str]:
    """Networks that differ, by the beginning of their ids."""
    first, second = (
        ", ".join(
            f"{label} ({entry['network'][:8]}, {entry['duration']:g} ms at dt {entry['dt']:g} ms"
            f"{', accepting ' + ', '.join(entry['accept']) if entry['accept'] else ''})"
            for label, entry in networks.items()
        )
        for networks in (new, old)
    )
    return first, second


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
