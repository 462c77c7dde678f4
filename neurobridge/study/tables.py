"""The results of a study as tables whose bytes depend on the results alone."""

from __future__ import annotations

__all__ = ["results_table", "spikes_table", "timings_table", "to_parquet"]

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from neurobridge.recording import Recording
from neurobridge.study.study import Study
from neurobridge.study.trial import Trial

Row = Mapping[str, Any]

TIMES = ("lower_s", "build_s", "run_s", "collect_s", "peak_mb")


def results_table(study: Study, trials: Sequence[Trial], rows: Mapping[str, Row]) -> Any:
    """One row for each finished trial, in the order of the study.

    Columns are ``key``, ``experiment``, ``backend``, ``point``, a column for each path,
    ``duration`` and ``dt`` in ms, ``seed``, ``trial``, ``status``, ``message``, ``approximations``
    (that were accepted), ``spikes``, ``spike_hash``, and one for each measure.
    """
    done = [(trial, rows[trial.key]) for trial in trials if trial.key in rows]
    columns: dict[str, Any] = {
        "key": pa.array([t.key for t, _ in done], pa.string()),
        "experiment": pa.array([t.experiment for t, _ in done], pa.string()),
        "backend": pa.array([t.backend for t, _ in done], pa.string()),
        "point": pa.array([t.point for t, _ in done], pa.int64()),
    }
    for path in study.paths:
        columns[path] = pa.array([t.values[path] for t, _ in done], pa.float64())
    for name in ("duration", "dt"):
        columns[name] = pa.array([getattr(t, name) for t, _ in done], pa.float64())
    for name in ("seed", "trial"):
        columns[name] = pa.array([getattr(t, name) for t, _ in done], pa.int64())
    for name in ("status", "message"):
        columns[name] = pa.array([row[name] for _, row in done], pa.string())
    codes = [", ".join(row["approximations"]) for _, row in done]
    columns["approximations"] = pa.array(codes, pa.string())
    columns["spikes"] = pa.array([row["spikes"] for _, row in done], pa.int64())
    columns["spike_hash"] = pa.array([row["spike_hash"] for _, row in done], pa.string())
    for name in study.columns:
        columns[name] = pa.array([row["measures"].get(name) for _, row in done], pa.float64())
    return pa.table(columns)


def timings_table(trials: Sequence[Trial], rows: Mapping[str, Row]) -> Any:
    """How long each finished trial took, where, and with which versions."""
    done = [rows[key] for key in dict.fromkeys(t.key for t in trials) if key in rows]
    columns: dict[str, Any] = {"key": pa.array([row["key"] for row in done], pa.string())}
    for name in TIMES:
        columns[name] = pa.array([row["timings"].get(name) for row in done], pa.float64())
    columns["host"] = pa.array([row["host"] for row in done], pa.string())
    for name in _all_keys(row["versions"] for row in done):
        column = pa.array([row["versions"].get(name) for row in done], pa.string())
        columns[f"version of {name}"] = column
    return pa.table(columns)


def spikes_table(recording: Recording) -> bytes:
    """All spikes of a recording as a parquet file: ``probe``, ``step``, ``neuron``."""
    names = sorted(recording.spikes)
    parts = [recording.spikes[name] for name in names]
    codes = [code for code, part in enumerate(parts) for _ in range(len(part))]
    probe = pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32()), pa.array(names, pa.string())
    )
    step = pa.concat_arrays([pa.array([], pa.int64()), *(pa.array(p.step) for p in parts)])
    neuron = pa.concat_arrays([pa.array([], pa.int32()), *(pa.array(p.neuron) for p in parts)])
    return to_parquet(pa.table({"probe": probe, "step": step, "neuron": neuron}))


def to_parquet(table: Any) -> bytes:
    """A table as a parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _all_keys(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted({key for mapping in mappings for key in mapping})
