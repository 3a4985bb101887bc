"""A day's CDF files -> its piece of the regular grid, the same as if all days had been in memory at once."""

from typing import TYPE_CHECKING

import numpy as np

from pipeline import load as loading
from pipeline import schema
from pipeline.load import load
from pipeline.resample import resample

if TYPE_CHECKING:
    import xarray as xr

    from pipeline.records import Settings


# What a bin of the grid, or a plasma accumulation in it, can reach into the day before and after; orbits are slow.
REACH = {"mag": np.timedelta64(10, "m"), "plasma": np.timedelta64(10, "m"), "orbit": np.timedelta64(3, "h")}
KINDS = {"mag": "field", "plasma": "plasma"}
DAY = np.timedelta64(1, "D")


def of_day(manifest: dict, day: np.datetime64) -> dict:
    """The part of a manifest (archive.fetch) that is of one day (datetime64[D])."""

    def part(entry):
        files = [file for file in entry["files"] if file["day"] == str(day)]
        return entry | {"files": files} if files else entry | {"files": [], "product": None, "reason": "no file"}

    return manifest | {kind: part(manifest[kind]) for kind in ("field", "plasma")}


def load_day(manifest: dict, data: str, day: np.datetime64, settings: "Settings") -> "xr.Dataset":
    """Raw data (schema RAW) of the files of one day, all samples that they hold; `settings` is records.Settings."""
    start = day.astype("datetime64[ns]")
    window = start - DAY, start + 2 * DAY  # stamps that are moved to bin centres may leave the day
    return load(of_day(manifest, day), data, f"record {day}", settings.spacecraft, settings.load, *window)


def ends(raw: "xr.Dataset", day: np.datetime64) -> tuple:
    """What the next day needs of this one, and what the day before does: parts of raw data."""
    start, end = day.astype("datetime64[ns]"), day.astype("datetime64[ns]") + DAY
    return _cut(raw, {c: slice(end - reach, None) for c, reach in REACH.items()}), _cut(
        raw, {c: slice(None, start + reach) for c, reach in REACH.items()}
    )


def _cut(raw, spans: dict):
    for clock, span in spans.items():
        raw = raw.sel({f"time_{clock}": span})
    return raw.copy(deep=True)  # a view would keep the whole day in memory


def piece(
    before: "xr.Dataset | None",
    raw: "xr.Dataset",
    after: "xr.Dataset | None",
    edges: np.ndarray,
    manifest: dict,
    min_coverage: float,
) -> "xr.Dataset":
    """Uniform data on `edges` from a day's raw data and the ends of its neighbours (None at the record's ends)."""
    return resample(joined([part for part in (before, raw, after) if part is not None], manifest), edges, min_coverage)


def joined(parts: list, manifest: dict) -> "xr.Dataset":
    """Raw data one after the other, in order of time; of equal times the first. Products are those of the manifest."""
    import xarray as xr

    out = xr.Dataset(coords={"component": list(schema.COMPONENTS)})
    for clock, names in loading.CLOCKS.items():
        dim, names = f"time_{clock}", [name for name in names if name in schema.RAW]
        known = [part[names] for part in parts if _has(part, clock)] or [parts[0][names].isel({dim: slice(1)})]
        series = xr.concat(known, dim, data_vars="all", combine_attrs="override").sortby(dim).drop_duplicates(dim)
        out = out.merge(series, combine_attrs="override")
    return out.drop_attrs(deep=False).assign_attrs(_attributes(parts, manifest))


def _has(part, clock) -> bool:
    """Whether there is more than the one missing sample that stands for a day without the instrument."""
    return bool(part["position"].notnull().any() if clock == "orbit" else part.attrs[f"product_{KINDS[clock]}"])


def _attributes(parts, manifest):
    attrs = dict(parts[0].attrs)
    for clock, kind in KINDS.items():
        widths = [part.attrs[f"accumulation_{clock}_s"] for part in parts]
        widths = [width for width in widths if np.isfinite(width)]
        # Without any sample the width says nothing, and everything is missing whatever it is.
        attrs[f"accumulation_{clock}_s"] = widths[0] if widths else 1.0
        attrs[f"product_{kind}"] = manifest[kind]["product"] or ""
    return {key: value for key, value in attrs.items() if key not in ("removed", "source_files", "event")}
