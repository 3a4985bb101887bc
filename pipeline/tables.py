"""Tidy tables from result files: one row per thing, stable column names, units in a table of columns."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import schema
from pipeline.intervals import TIMES, mask, of
from pipeline.physics.plasma import plasma_beta
from pipeline.provenance import whole_file

KEYS = ("event", "spacecraft", "first", "second")
MEANS = {
    "b_mean": "b_mag",
    "speed_mean": "speed",
    "n_mean": "n",
    "temperature_mean": "temperature",
    "beta_mean": "beta",
}


def tidy(datasets: list) -> pd.DataFrame:
    """Rows of all results of one module: every variable that is given per interval.

    Dimensions of schema.ROW_DIMS become rows; any other becomes a suffix: v_ht(interval, component) -> v_ht_x, ...
    """
    frames = [_frame(ds) for ds in datasets if "interval" in ds.dims]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=KEYS[:1])


def _frame(ds) -> pd.DataFrame:
    names = [name for name, v in ds.data_vars.items() if "interval" in v.dims and "time" not in v.dims]
    rows = [dim for dim in schema.ROW_DIMS if any(dim in ds[name].dims for name in names)]
    keys = pd.DataFrame(list(product(*(ds[dim].values for dim in rows))), columns=rows)
    columns = {column: values for name in names for column, values in _columns(ds, name, rows)}
    frame = pd.concat([keys, pd.DataFrame(columns)], axis=1)
    for position, key in enumerate(key for key in KEYS if key in ds.attrs):
        frame.insert(position, key, ds.attrs[key])
    return frame


def _columns(ds, name, rows):
    """(column name, values) of one variable, repeated along the row dimensions that it does not have."""
    variable = ds[name]
    missing = {dim: ds.sizes[dim] for dim in rows if dim not in variable.dims}
    suffixes = [dim for dim in variable.dims if dim not in rows]
    for labels in product(*(variable[dim].values for dim in suffixes)):
        part = variable.sel(dict(zip(suffixes, labels, strict=True))).expand_dims(missing).transpose(*rows)
        yield "_".join([name, *map(str, labels)]), part.values.ravel()


def interval_statistics(event: str, uniform: list, intervals: pd.DataFrame) -> pd.DataFrame:
    """intervals.csv: where each interval lies, where its boundaries come from, and the plasma inside it."""
    rows = []
    for ds in uniform:
        table = of(intervals, ds.attrs["spacecraft"])
        for name in dict.fromkeys(table["interval"]):
            selected = mask(ds["time"].values, table, name)
            rows.append({"event": event, **_extent(table[table["interval"] == name]), **_statistics(ds, selected)})
    return pd.DataFrame(rows)


def _extent(pieces: pd.DataFrame) -> dict:
    """Where an interval lies: first start, last end, and the time inside its pieces."""
    duration_h = (pieces["end"] - pieces["start"]).dt.total_seconds().sum(min_count=1) / 3600
    ends = {"start": pieces["start"].min(), "end": pieces["end"].max(), "duration_h": duration_h}
    extra = pieces.iloc[0].drop(["start", "end"]).to_dict()
    order = ("spacecraft", "interval", "start", "end", "duration_h", "origin")
    return {key: (ends | extra)[key] for key in order} | extra


def _statistics(ds, selected) -> dict:
    inside = ds.isel(time=np.flatnonzero(selected))
    speed = np.sqrt((inside["v"] ** 2).sum("component", skipna=False))
    beta = plasma_beta(inside["n"].values, inside["temperature"].values, inside["b_mag"].values)
    series = {"b_mag": inside["b_mag"].values, "speed": speed.values, "n": inside["n"].values,
              "temperature": inside["temperature"].values, "beta": beta}  # fmt: skip
    out = {column: _finite(np.mean, series[name]) for column, name in MEANS.items()}
    out["b_max"] = _finite(np.max, series["b_mag"])
    out["b_z_min"] = _finite(np.min, inside["b"].sel(component="z").values)
    for name in ("b", "v"):
        out[f"coverage_{name}"] = _finite(np.mean, inside[f"coverage_{name}"].values)
    return out


def _finite(statistic, values):
    values = values[np.isfinite(values)]
    return float(statistic(values)) if len(values) else np.nan


def describe_columns(frames: dict[str, pd.DataFrame], results: dict[str, list]) -> pd.DataFrame:
    """columns.csv: table, column, units and meaning of every column of every table."""
    rows = []
    for table, frame in frames.items():
        variables = {name: v.attrs for ds in results.get(table, ()) for name, v in ds.variables.items()}
        for column in frame.columns:
            rows.append({"table": table, "column": column, **_meaning(column, variables)})
    return pd.DataFrame(rows)


def _meaning(column: str, variables: dict) -> dict:
    """Units and long name of the variable that a column was made of: the longest name that begins it."""
    if column in schema.COLUMNS:
        return dict(zip(("units", "meaning"), schema.COLUMNS[column], strict=True))
    known = [name for name in variables if column == name or column.startswith(f"{name}_")]
    if known:
        attrs, rest = variables[max(known, key=len)], column.removeprefix(max(known, key=len)).strip("_")
        meaning = attrs.get("long_name", "") + (f", {rest}" if rest else "")
        return {"units": attrs.get("units", ""), "meaning": meaning}
    return {"units": "", "meaning": ""}


def write(frame: pd.DataFrame, path: str | Path) -> None:
    """UTF-8 CSV: ISO times in UTC, numbers with seven significant digits, empty where missing."""
    with whole_file(path) as part:
        frame.to_csv(part, index=False, date_format="%Y-%m-%dT%H:%M:%SZ", float_format="%.7g", lineterminator="\n")


def read(path: str | Path) -> pd.DataFrame:
    """A table written by `write`."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def concatenate(paths: list[str], output: str | Path) -> None:
    """One table over all events, in the order of `paths`; cells are copied as they stand."""
    frames = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths]
    frames = [frame for frame in frames if len(frame)] or frames[:1]
    write(pd.concat(frames, ignore_index=True), output)


def to_parquet(path: str | Path, output: str | Path) -> None:
    """A table as Parquet: times as timestamps, numbers as numbers. Needs pyarrow (`pip install .[parquet]`)."""
    frame = read(path)
    for column in frame.columns.intersection(TIMES):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    with whole_file(output) as part:
        frame.to_parquet(part, engine="pyarrow", index=False)
