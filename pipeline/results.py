"""One event's results, opened from its folder: all that figures, reports and notebooks read.

    results = EventResults("results/2003-11-20")
    results.uniform("ace").b_mag.plot()

Nothing is computed here. Every caller gets Datasets and tables of its own, so that none sees what another did to them.
What an earlier run with other settings left in the folder is not counted among the results: tables/columns.csv names
those that belong together.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import xarray as xr

from pipeline import intervals, provenance

NOT_DIAGNOSTICS = ("raw", "uniform")
TIMES = intervals.TIMES
TEXTS = ("reason", "note")


class ResultsError(LookupError):
    """A result was asked for that the event does not have; the message says what it has."""


class EventResults:
    """Results of the event in `folder`: `event` (name), `spacecraft` (reference first), `pairs` ((first, second), ...).

    `notes` holds the remarks of the event table by spacecraft. Raises ResultsError where the folder has no event.json.
    `figures` are the names of the figures that count; without it, all that are there.
    """

    def __init__(self, folder: str | Path, figures: Iterable[str] | None = None):
        self.folder = Path(folder)
        self._chosen = None if figures is None else tuple(figures)
        path = self.folder / "event.json"
        if not path.is_file():
            raise ResultsError(f"{self.folder}: no event.json, so no results of an event")
        content = json.loads(path.read_text(encoding="utf-8"))
        self.event: str = content["event"]["name"]
        self.spacecraft: tuple[str, ...] = tuple(content["spacecraft"])
        self.pairs: tuple[tuple[str, str], ...] = tuple(tuple(pair) for pair in content["pairs"])
        self.notes = {c["spacecraft"]: c["note"] for c in content["event"]["crossings"] if c.get("note")}

    def __repr__(self) -> str:
        return f"EventResults({str(self.folder)!r}): {self.event}, {_listed(self.spacecraft)}"

    def raw(self, spacecraft: str) -> xr.Dataset:
        """Cleaned data of one spacecraft, every instrument on its own clock (schema.RAW)."""
        return self._dataset(self._spacecraft_folder(spacecraft), "raw")

    def uniform(self, spacecraft: str) -> xr.Dataset:
        """Data of one spacecraft on the event's regular grid (schema.UNIFORM)."""
        return self._dataset(self._spacecraft_folder(spacecraft), "uniform")

    def diagnostic(self, name: str, spacecraft: str) -> xr.Dataset:
        """Output of pipeline/diagnostics/{name}.py for one spacecraft."""
        return self._dataset(self._spacecraft_folder(spacecraft), name)

    def pair(self, name: str, first: str, second: str) -> xr.Dataset:
        """Output of pipeline/pairs/{name}.py for two spacecraft; "lag" is the measured lag."""
        return self._dataset(self._pair_folder(first, second), name)

    def lag_s(self, first: str, second: str) -> float:
        """Measured lag (s), positive where `second` sees the structure later; NaN where it could not be measured."""
        return float(self.pair("lag", first, second)["lag_s"])

    def table(self, name: str) -> pd.DataFrame:
        """Table tables/{name}.csv; columns `start` and `end` are times (UTC)."""
        path = self.folder / "tables" / f"{name}.csv"
        if not path.is_file():
            raise ResultsError(f"{self.event}: no table {name!r}, found {_listed(self.tables)}")
        return _read_table(path)

    def files(self, spacecraft: str) -> dict:
        """Manifest of the files that one spacecraft's data were read from."""
        path = self._spacecraft_folder(spacecraft) / "files.json"
        if not path.is_file():
            raise ResultsError(f"{self.event}, {spacecraft}: {path.name} is missing from {path.parent}")
        return json.loads(path.read_text(encoding="utf-8"))

    def figure(self, name: str, kind: str = "png") -> Path:
        """Path of figures/{name}.{kind}."""
        path = self.folder / "figures" / f"{name}.{kind}"
        if not path.is_file():
            raise ResultsError(f"{self.event}: no figure {path.name!r}, found {_listed(self.figures)}")
        return path

    @property
    def intervals(self) -> pd.DataFrame:
        """Sheath, ejecta and detected intervals of every spacecraft (columns of intervals.COLUMNS and more)."""
        path = self.folder / "intervals.csv"
        if not path.is_file():
            raise ResultsError(f"{self.event}: intervals.csv is missing from {self.folder}")
        return intervals.read(path)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables, without the description of their columns."""
        return self._belonging(n for n in _stems(self.folder / "tables", ".csv") if n != "columns")

    @property
    def columns(self) -> pd.DataFrame:
        """Units and meaning of every table column (tables/columns.csv); empty if the file is not there."""
        path = self.folder / "tables" / "columns.csv"
        return pd.read_csv(path, keep_default_na=False) if path.is_file() else pd.DataFrame()

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures."""
        return tuple(n for n in _stems(self.folder / "figures", ".png") if self._chosen is None or n in self._chosen)

    def diagnostics(self, spacecraft: str) -> tuple[str, ...]:
        """Names of the diagnostics that one spacecraft has."""
        found = _stems(self._spacecraft_folder(spacecraft), ".nc")
        return self._belonging(n for n in found if n not in NOT_DIAGNOSTICS)

    def pair_results(self, first: str, second: str) -> tuple[str, ...]:
        """Names of the results that a pair has, "lag" among them."""
        return self._belonging(_stems(self._pair_folder(first, second), ".nc"), "lag")

    def _belonging(self, names: Iterable[str], *always: str) -> tuple[str, ...]:
        """Those of `names` that have a table of this run: a result that is no longer asked for stays on the disk."""
        columns = self.columns
        if not len(columns):
            return tuple(names)
        belonging = {*always, *columns["table"]}
        return tuple(n for n in names if n in belonging)

    def _spacecraft_folder(self, spacecraft: str) -> Path:
        if spacecraft not in self.spacecraft:
            raise ResultsError(f"{self.event}: no spacecraft {spacecraft!r}, found {_listed(self.spacecraft)}")
        return self.folder / spacecraft

    def _pair_folder(self, first: str, second: str) -> Path:
        if (first, second) not in self.pairs:
            pairs = [pair_name(*pair) for pair in self.pairs]
            raise ResultsError(f"{self.event}: no pair {pair_name(first, second)!r}, found {_listed(pairs)}")
        return self.folder / pair_name(first, second)

    def _dataset(self, folder: Path, name: str) -> xr.Dataset:
        path = folder / f"{name}.nc"
        if not path.is_file():
            where = f"{self.event}, {folder.name}"
            raise ResultsError(f"{where}: no result {name!r}, found {_listed(_stems(folder, '.nc'))}")
        return provenance.read(path)


def open_events(root: str | Path) -> tuple[EventResults, ...]:
    """Results of every event under `root`, by name."""
    return tuple(EventResults(path.parent) for path in sorted(Path(root).glob("*/event.json")))


def pair_name(first: str, second: str) -> str:
    """Name of a pair in file names and arguments: reference first, hyphen between."""
    return f"{first}-{second}"


def _read_table(path: Path) -> pd.DataFrame:
    """Numbers as numbers, times as UTC datetime64[ns], texts without missing values."""
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    times = {c: pd.to_datetime(table[c]).dt.tz_localize(None).astype("datetime64[ns]") for c in _present(table, TIMES)}
    texts = {c: table[c].astype(object).fillna("") for c in _present(table, TEXTS)}
    return table.assign(**times, **texts)


def _present(table: pd.DataFrame, names) -> list[str]:
    return [name for name in names if name in table]


def _stems(folder: Path, suffix: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob(f"*{suffix}")))


def _listed(names) -> str:
    return ", ".join(names) or "none"
