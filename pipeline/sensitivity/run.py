"""One analysis from raw data to the verdict, in one process, by the functions that the workflow's stages call."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import ValidationError

from pipeline import detect, resample
from pipeline import intervals as table_of
from pipeline.aligned import QUANTITIES, cadence_s
from pipeline.pairs import contrast, lag, verdict
from pipeline.physics.smoothing import low_pass
from pipeline.sensitivity import CHOICES
from pipeline.sensitivity.ensemble import Stages, moved, settings_of, text

if TYPE_CHECKING:
    from pipeline.config import Event


MORE = ("delta_r_band", "misfit_ratio", "rank_first", "rank_second")
ANSWERS = ("agreement", "misfit", "complexity", "waves")
FOUND, NOT_FOUND = "found", "none found"
NO_INTERVAL = "no Alfvénic interval found"
BLANK = {
    "region": "", "baseline": "", "window_h": np.nan, "lag_s": np.nan, "cadence_s": np.nan,
    "n_alfvenic_first": 0, "n_alfvenic_second": 0, "alfvenic_min_first": 0.0, "alfvenic_min_second": 0.0,
    "sigma_c_first": np.nan, "sigma_c_second": np.nan, "detection": "",
}  # fmt: skip
NUMBERS = {"delta_r": np.nan, "delta_r_ci_low": np.nan, "delta_r_ci_high": np.nan, "delta_r_p": np.nan}


def run(choices: list[dict[str, Any]], event: "Event", raws: dict[str, xr.Dataset], stages: Stages) -> pd.DataFrame:
    """One row per specification and pair: choices, what was found, the verdict, and a reason where there is none.

    raws: raw data by spacecraft. Settings that clash with each other give a row with their reason.
    """
    rows = [row for choice in choices for row in _specification(choice, event, raws, stages)]
    return pd.DataFrame(rows)


def _specification(choice, event, raws, stages):
    own = {"event": event.name, "specification": choice["specification"], "name": choice["name"]}
    shown = {name: text(choice[name]) for name in CHOICES}
    try:
        changed, shifted = settings_of(choice, stages), moved(event, choice["start_shift_s"], choice["end_shift_s"])
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        for first, second in event.pairs:
            yield own | {"first": first, "second": second} | shown | _nothing(reason)
        return
    data = uniform(event, raws, stages, choice["cadence_factor"])
    for first, second in event.pairs:
        found = _pair(choice, shifted, data, first, second, changed)
        yield own | {"first": first, "second": second} | shown | found


def uniform(event: "Event", raws: dict[str, xr.Dataset], stages: Stages, factor: int) -> dict[str, xr.Dataset]:
    """Every spacecraft on the event's grid, with bins `factor` times as wide as its own.

    The grid spans the event as it is given, wherever the boundaries are moved to: it is where the data are.
    """
    width = factor * resample.cadence(list(raws.values()), stages.resample.cadence_s)
    margin = np.timedelta64(round(stages.margin_h * 3600), "s")
    start, end = (np.datetime64(time, "ns") for time in event.span)
    edges = resample.grid_edges(start - margin, end + margin, width)
    return {name: resample.resample(raw, edges, stages.resample.min_coverage) for name, raw in raws.items()}


def _pair(choice, event, data, first, second, stages):
    """What one analysis finds of one pair. Blank boundaries of any spacecraft are carried by its own lag."""
    given, lags_s = table_of.given_intervals(event, {}), {}
    for one, other in event.pairs:
        lags_s[other] = _lag(data[one], data[other], given, choice["lag"], stages.lag)
    table = regions(event, data, lags_s, stages.detect)
    lag_s, reason = lags_s[second]
    about = BLANK | {"lag_s": lag_s, "cadence_s": cadence_s(data[first])} | _found(table, first, second)
    rows = table_of.of_pair(table, first, second, lag_s)
    name = region(rows) if stages.region == contrast.ALFVENIC else stages.region
    if not np.isfinite(lag_s) or name is None:
        return about | _nothing(reason or NO_INTERVAL, about)
    # what is compared with what; other regions would cost time and change nothing
    rows = rows[rows["interval"].isin(("ejecta", name)) | rows["interval"].str.startswith("alfvenic")]
    pair = [detrended(data[s], table_of.of(table, s), choice["detrending"], stages) for s in (first, second)]
    return about | {"region": name} | _answer(*pair, rows, lag_s, name, stages.verdict)


def _lag(first, second, given, method, settings) -> tuple[float, str]:
    """Lag (s) by one of the methods, and why there is none."""
    found = lag.compute(first, second, given, settings)
    if method == lag.USED:
        return float(found["lag_s"]), str(found["reason"].values)
    row = found.sel({"interval": "ejecta", "method": method})
    return float(row["method_lag_s"]), str(row["method_reason"].values)


def regions(
    event: "Event", data: dict[str, xr.Dataset], lags_s: dict[str, tuple[float, str]], settings: "detect.Settings"
) -> pd.DataFrame:
    """Table of intervals of every spacecraft: given, carried, detected."""
    given = table_of.given_intervals(event, {name: lag_s for name, (lag_s, _) in lags_s.items()})
    tables = []
    for name, ds in data.items():
        own = table_of.of(given, name)
        tables += [own, detect.detect(ds, own, settings)]
    table = pd.concat([table for table in tables if len(table)], ignore_index=True)
    for column in table.columns.intersection(table_of.TIMES):
        table[column] = table[column].dt.floor("us")  # as intervals.csv holds them
    return table


def region(rows: pd.DataFrame) -> str | None:
    """Name of all Alfvénic intervals of either spacecraft together; None without any."""
    names = [name for name in dict.fromkeys(rows["interval"]) if name.startswith("alfvenic")]
    return contrast.ALFVENIC if len(names) > 1 else names[0] if names else None


def _found(table, first, second):
    """Number, duration and sigma_c (weighted by duration) of the Alfvénic intervals at each spacecraft."""
    out = {"detection": NOT_FOUND}
    for place, name in (("first", first), ("second", second)):
        rows = detect.alfvenic(table_of.of(table, name))
        minutes = ((rows["end"] - rows["start"]).dt.total_seconds() / 60).to_numpy()
        out |= {f"n_alfvenic_{place}": len(rows), f"alfvenic_min_{place}": float(minutes.sum())}
        if len(rows):
            out["detection"] = FOUND
            out[f"sigma_c_{place}"] = float(np.average(rows["sigma_c"].to_numpy(float), weights=minutes))
    return out


def detrended(ds: xr.Dataset, rows: pd.DataFrame, how: str, stages: Stages) -> xr.Dataset:
    """The field (b and b_mag) without a straight line over the ejecta, or without what is slower than the band."""
    if how == "none":
        return ds
    inside = table_of.mask(ds["time"].values, rows, "ejecta")
    step, longest = cadence_s(ds), stages.verdict.band_s[1]

    def without(values):
        if how == "running_mean":
            return values - low_pass(values, longest, step)
        return values - np.column_stack([_line(column, inside) for column in values.T])

    strength = without(ds["b_mag"].values[:, None])[:, 0]
    return ds.assign(b=ds["b"].copy(data=without(ds["b"].values)), b_mag=ds["b_mag"].copy(data=strength))


def _line(values, inside):
    """Least-squares straight line through the finite samples inside, everywhere; zero without two of them."""
    known = inside & np.isfinite(values)
    if known.sum() < 2:
        return np.zeros(values.size)
    place = np.arange(values.size) - np.flatnonzero(known).mean()
    slope, offset = np.polyfit(place[known], values[known], 1)
    return slope * place + offset


def _answer(first, second, rows, lag_s, name, settings):
    """Differences of r per quantity as in contrast.csv, and the row of verdict.csv."""
    shared = {"band_s": settings.band_s, "level": settings.level, "draws": settings.draws}
    differences = contrast.compute(first, second, rows, lag_s, contrast.Settings(**shared))
    answer = verdict.compute(first, second, rows, lag_s, settings).sel(interval=name)
    out = {"baseline": str(answer["baseline"].values), "window_h": float(answer["window_h"])}
    for quantity in QUANTITIES:
        cell = differences.sel(interval=name, quantity=quantity, scale="all")
        low, high = (float(x) for x in cell["delta_r_ci"].values)
        numbers = {"delta_r": float(cell["delta_r"]), "delta_r_ci_low": low, "delta_r_ci_high": high}
        numbers["delta_r_p"] = float(cell["delta_r_p"])
        out |= {f"{key}_{quantity}": value for key, value in numbers.items()}
        out[f"agreement_{quantity}"] = verdict.agreement(low, high, settings.margin)
    out |= {key: str(answer[key].values) for key in ANSWERS}
    out |= {key: float(answer[key]) for key in MORE} | {"reason": str(answer["reason"].values)}
    return out | (dict.fromkeys(_conclusions(), "") if out["reason"] else {})


def _nothing(reason, about=BLANK):
    """The columns of a row without an answer."""
    out = dict(about)
    for quantity in QUANTITIES:
        out |= {f"{key}_{quantity}": value for key, value in NUMBERS.items()} | {f"agreement_{quantity}": ""}
    return out | dict.fromkeys(ANSWERS, "") | dict.fromkeys(MORE, np.nan) | {"reason": reason}


def _conclusions():
    return (*(f"agreement_{quantity}" for quantity in QUANTITIES), *ANSWERS)
