"""CDF files to raw.nc: canonical names, fixed units, GSE, bin centres; what is no measurement is missing, and counted.

For each instrument, in this order: fills become missing, units are converted, what cannot be (a density not above zero)
and what is flagged becomes missing, stamps move to bin centres, samples are put in order and duplicates dropped. Then
RTN is turned to GSE, and on request outliers are removed. The attribute `removed` counts what each step took.
"""

import importlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline import cdf, frames, schema
from pipeline.product import Flag, Product, Source

if TYPE_CHECKING:
    import xarray as xr

    from pipeline.config import Load


CLOCKS = {
    "mag": ("b",),
    "plasma": ("v", "n", "temperature", "alpha_ratio", *schema.RAW_OPTIONAL),
    "orbit": ("position",),
}
VECTORS = tuple(n for n, v in {**schema.RAW, **schema.RAW_OPTIONAL}.items() if "component" in v.dims)
# Far beyond anything ever measured in the solar wind (nT, km/s, cm-3, K, 1, km): a damaged number, or one in
# other units. The strongest fields and fastest streams on record are below 150 nT and 3000 km/s.
BEYOND = {"b": 1e4, "v": 1e4, "v_error": 1e4, "n": 1e5, "alpha_ratio": 1e2, "position": 3e8}
BEYOND |= dict.fromkeys(("temperature", "temperature_parallel", "temperature_perpendicular"), 1e10)
MAD_TO_SIGMA = 1.4826  # of a normal distribution
MIN_IN_WINDOW = 5  # fewer neighbours tell nothing about an outlier
SCREEN = 0.4  # of the threshold, above which the exact medians are computed


class LoadError(ValueError):
    """Files and product do not fit; the message names event, spacecraft, product and variable."""


@dataclass(frozen=True)
class Instrument:
    """What one product gave: times and values per variable, counts of what was removed, seconds per sample."""

    product: Product | None
    reason: str = ""
    series: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    removed: dict[str, Counter] = field(default_factory=dict)
    accumulation_s: float = np.nan

    @property
    def name(self) -> str:
        return self.product.name if self.product else ""


def load(
    manifest: dict,
    data_root: str | Path,
    event: str,
    spacecraft: str,
    settings: "Load",
    start: datetime | np.datetime64,
    end: datetime | np.datetime64,
) -> "xr.Dataset":
    """raw data (xarray.Dataset, schema "raw") of one spacecraft in [start, end), from the files of `manifest`.

    `manifest` is what archive.fetch returned, its paths are relative to `data_root`; `settings` is config.Load.
    An instrument without data has one missing sample at `start`, an empty product name, and `reason_field` or
    `reason_plasma` says why. Raises LoadError where a file is not what its product says.
    """
    import xarray as xr

    who = f"{event}, {spacecraft}"
    window = np.datetime64(start, "ns"), np.datetime64(end, "ns")
    magnetometer = instrument(manifest["field"], spacecraft, data_root, window, who)
    plasma = instrument(manifest["plasma"], spacecraft, data_root, window, who)
    orbit, orbit_from = orbit_of(magnetometer, plasma)
    magnetometer = without_outliers(in_gse(magnetometer, orbit), settings)
    plasma = without_outliers(in_gse(plasma, orbit), settings)

    ds = xr.Dataset(coords={"component": list(schema.COMPONENTS)})
    series = {**plasma.series, **magnetometer.series, "position": orbit}
    for clock, names in CLOCKS.items():
        ds = ds.assign(clock_variables(clock, names, series, window[0]))
    for each in (plasma, magnetometer):
        ds = ds.assign({name: ds[name].assign_attrs(text) for name, text in origins(each).items() if name in ds})
    ds = ds.assign_attrs({"event": event, "spacecraft": spacecraft, "position_from": orbit_from})
    ds = ds.assign_attrs(attributes(manifest, magnetometer, plasma))
    schema.check(ds, "raw", who)
    return ds


def instrument(
    entry: dict, spacecraft: str, data_root: str | Path, window: tuple[np.datetime64, np.datetime64], who: str
) -> Instrument:
    """One kind ("field" or "plasma") of the manifest, read, cleaned and cut to `window`."""
    if not entry["product"]:
        return Instrument(None, entry["reason"])
    product = importlib.import_module(f"pipeline.missions.{spacecraft}").PRODUCTS[entry["product"]]
    raw = read_files([Path(data_root) / file["path"] for file in entry["files"]], product, who)
    series, removed, main_time = {}, defaultdict(Counter), np.empty(0, dtype="datetime64[ns]")
    for clock, sources in by_clock(product, raw).items():
        main = clock == product.clock
        time = raw[clock] + seconds(product.centre_s if main else 0.0)
        inside = (time >= window[0]) & (time < window[1])  # a stamp that is missing is not inside, but counted
        time, values = time[inside], {}
        for source in sources:
            values[source.name], removed[source.name] = measured(raw, source, product, inside)
        values, flagged = without_flagged(values, raw, product, time, inside)
        time, values, counts = in_order(time, values)
        for name, column in values.items():
            series[name] = time, column
            removed[name] += flagged[name] + counts + count(no_time=np.isnat(raw[clock]))
        main_time = time if main else main_time
    reason = "" if len(main_time) else f"{product.name} has no sample inside the event's window"
    return Instrument(product, reason, series, removed, accumulation(main_time, product.accumulation_s))


def read_files(paths: list[Path], product: Product, who: str) -> dict[str, np.ndarray]:
    """The product's variables (sample, ...), all files one after the other in the order given."""
    days = []
    for path in paths:
        try:
            # Verified when it was fetched, and the manifest's sha256 has held it since.
            days.append(cdf.read_product(path, product, checksum=False))
        except cdf.CdfError as error:
            raise LoadError(f"{who}: {error}") from error
    shared = [name for name in product.variables if all(name in day for day in days)]
    return {name: np.concatenate([day[name] for day in days]) for name in shared}


def by_clock(product: Product, raw: dict) -> dict[str, list[Source]]:
    """The product's sources whose variables were read, by the epoch variable they are on."""
    clocks = defaultdict(list)
    for source in product.sources:
        clock = source.clock or product.clock
        if all(name in raw for name in (clock, *source.variables)):
            clocks[clock].append(source)
    return clocks


def seconds(duration: float) -> np.timedelta64:
    """`duration` in s as a difference of datetime64[ns]."""
    return np.timedelta64(round(duration * 1e9), "ns")


def measured(raw: dict, source: Source, product: Product, inside: np.ndarray) -> tuple[np.ndarray, Counter]:
    """Values (sample, ...) of one variable in fixed units; fills, and what cannot be, are NaN and counted."""
    inputs, filled = [], np.zeros(np.count_nonzero(inside), dtype=bool)
    for name in source.variables:
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
            column = raw[name][inside].astype(np.float64)
        fill = cdf.missing(column, product.missing_from)
        inputs.append(np.where(fill, np.nan, column))
        filled |= any_component(fill)
    values = source.convert(*inputs)
    beyond = any_component(np.abs(values) > BEYOND.get(source.name, np.inf))
    values = np.where(beyond.reshape(-1, *[1] * (values.ndim - 1)), np.nan, values)
    if source.positive:
        values = np.where(values > 0, values, np.nan)
    impossible = any_component(np.isnan(values)) & ~filled & ~beyond
    return values, count(fill=filled, beyond_belief=beyond, not_positive=impossible)


def count(**masks: np.ndarray) -> Counter:
    """How often each of the reasons holds."""
    return Counter({reason.replace("_", " "): int(np.count_nonzero(mask)) for reason, mask in masks.items()})


def any_component(mask: np.ndarray) -> np.ndarray:
    """True (sample) where any component of a sample is True."""
    return mask.any(axis=tuple(range(1, mask.ndim)))


def without_flagged(
    values: dict, raw: dict, product: Product, time: np.ndarray, inside: np.ndarray
) -> tuple[dict, dict[str, Counter]]:
    """`values` with flagged samples missing, and counts of those that were not missing before.

    `time` are the centres of the samples that lie `inside` the window; flags on the samples' own clock go by `inside`.
    """
    kept, counts = dict(values), defaultdict(Counter)
    for flag in product.flags:
        code = raw[flag.variable]
        if flag.clock in ("", product.clock):
            useless = is_useless(flag, code[inside])
        else:
            nearest, known = covering(raw[flag.clock], flag.accumulation_s, time)
            useless = known & is_useless(flag, code)[nearest] if len(code) else known
        for name, column in kept.items():
            if name in flag.applies or (not flag.applies and name != "position"):
                counts[name] += count(flag=useless & ~any_component(np.isnan(column)))
                kept[name] = np.where(useless.reshape(-1, *[1] * (column.ndim - 1)), np.nan, column)
    return kept, counts


def is_useless(flag: Flag, code: np.ndarray) -> np.ndarray:
    """True where a quality value is one of the flag's bad ones, or not one of its good ones."""
    return np.isin(code, flag.bad) if flag.bad else ~np.isin(code, flag.good)


def covering(centres: np.ndarray, width_s: float, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of `time`: index of the record of `width_s` around `centres` that holds it, and whether one does."""
    order = np.argsort(centres, kind="stable")
    starts = centres[order] - seconds(width_s / 2)
    index = np.maximum(np.searchsorted(starts, time, side="right") - 1, 0)
    if not len(centres):
        return index, np.zeros(len(time), dtype=bool)
    return order[index], (time >= starts[index]) & (time < starts[index] + seconds(width_s))


def in_order(time: np.ndarray, values: dict) -> tuple[np.ndarray, dict, Counter]:
    """Samples by time, each time once: of duplicates the most complete one is kept, of equals the first.

    Counts "duplicate" samples dropped, and "backwards" ones that stood after a later sample and were put in place.
    """
    absent = np.zeros(len(time))
    for column in values.values():
        absent += np.isnan(column).sum(axis=tuple(range(1, column.ndim)))
    order = np.lexsort((absent, time))
    again = np.zeros(len(time), dtype=bool)
    again[1:] = np.diff(time[order]) == np.timedelta64(0)
    backwards = time[1:] < np.maximum.accumulate(time)[:-1]
    kept = order[~again]
    counts = count(duplicate=again, backwards=backwards)
    return time[kept], {name: column[kept] for name, column in values.items()}, counts


def accumulation(time: np.ndarray, nominal_s: float) -> float:
    """Seconds that one sample stands for: the product's accumulation, or the step between stamps where it is longer."""
    if len(time) < 2:
        return nominal_s
    step_s = float(np.median(np.diff(time).astype("int64"))) / 1e9
    # Clocks jitter around the nominal cadence; a hundredth is no other cadence.
    return nominal_s if step_s <= 1.01 * nominal_s else round(step_s, 3)


def orbit_of(magnetometer: Instrument, plasma: Instrument) -> tuple[tuple[np.ndarray, np.ndarray], str]:
    """Times and positions (time, component) that are known, from the field's product or else the plasma's; its name."""
    for each in (magnetometer, plasma):
        if "position" in each.series:
            time, position = each.series["position"]
            known = np.isfinite(position).all(axis=1)
            if known.any():
                return (time[known], position[known]), each.name
    return (np.empty(0, "datetime64[ns]"), np.empty((0, 3))), ""


def in_gse(each: Instrument, orbit: tuple[np.ndarray, np.ndarray]) -> Instrument:
    """The instrument with its field and velocity turned from RTN, at the spacecraft's interpolated position."""
    if each.product is None or each.product.frame == "GSE":
        return each
    turned = {
        name: (time, frames.to_gse(vector, position_at(time, orbit), time))
        for name, (time, vector) in each.series.items()
        if name in ("b", "v")
    }
    return replace(each, series=each.series | turned)


def position_at(time: np.ndarray, orbit: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Position (time, component) in GSE (km), linear between the known ones and constant outside them."""
    known, position = orbit
    if not len(known):
        # ASSUME: without any position the spacecraft is at the Earth; 100 Re off the axis that turns R by 0.25 degree.
        return np.zeros((len(time), 3))
    at, of = (t.astype("int64") / 1e9 for t in (time, known))
    return np.stack([np.interp(at, of, component) for component in position.T], axis=-1)


def without_outliers(each: Instrument, settings: "Load") -> Instrument:
    """The instrument with Hampel outliers of the measured variables missing and counted; none unless asked for."""
    if settings.outlier_sigma is None:
        return each
    series, removed = dict(each.series), dict(each.removed)
    for name in ("b", "v", "n", "temperature"):
        if name in series:
            time, values = series[name]
            outlier = hampel(time, values, settings.outlier_sigma, settings.outlier_window_s)
            series[name] = time, np.where(outlier.reshape(-1, *[1] * (values.ndim - 1)), np.nan, values)
            removed[name] = removed[name] + count(outlier=outlier)
    return replace(each, series=series, removed=removed)


def hampel(time: np.ndarray, values: np.ndarray, sigma: float, window_s: float) -> np.ndarray:
    """True (sample) where |x - m| > sigma * 1.4826 * median(|x - m|) in any component, m the median around the sample.

    Both medians are over the valid samples of one window, `window_s` wide and centred on the sample. Where most of them
    are equal there is no scale, and no outlier. Hampel (1974), J. Am. Stat. Assoc. 69, 383.
    """
    columns = values.reshape(len(values), -1 if len(values) else 1).T
    return np.logical_or.reduce([_hampel(time, column, sigma, window_s) for column in columns])


def _hampel(time, values, sigma, window_s):
    import pandas as pd

    # Running medians are fast but take each sample's deviation from its own median, which is small beside a shock:
    # they only say where the medians of the definition are worth computing.
    series = pd.Series(values, index=pd.DatetimeIndex(time))
    window = {"window": pd.Timedelta(window_s, "s"), "center": True, "min_periods": 1, "closed": "both"}
    deviation = (series - series.rolling(**window).median()).abs()
    worth = deviation > SCREEN * sigma * MAD_TO_SIGMA * deviation.rolling(**window).median()
    outlier = np.zeros(len(values), dtype=bool)
    lower = np.searchsorted(time, time - seconds(window_s / 2), side="left")
    upper = np.searchsorted(time, time + seconds(window_s / 2), side="right")
    for k in np.flatnonzero(worth):
        around = values[lower[k] : upper[k]]
        around = around[np.isfinite(around)]
        median = np.median(around)
        spread = MAD_TO_SIGMA * np.median(np.abs(around - median))
        outlier[k] = len(around) >= MIN_IN_WINDOW and abs(values[k] - median) > sigma * spread > 0
    return outlier


def clock_variables(clock: str, names: tuple[str, ...], series: dict, start: np.datetime64) -> dict:
    """Variables of one clock for Dataset.assign; required ones that nothing measured are missing at one sample."""
    import xarray as xr

    known = {name: series[name] for name in names if name in series and len(series[name][0])}
    time = next(iter(known.values()))[0] if known else np.array([start], dtype="datetime64[ns]")
    stamps = xr.Variable(f"time_{clock}", time, {"standard_name": "time", "long_name": "centre of accumulation"})
    variables = {f"time_{clock}": stamps}
    for name in names:
        if name in known or name in schema.RAW:
            dims = (f"time_{clock}", "component") if name in VECTORS else (f"time_{clock}",)
            values = known[name][1] if name in known else np.full((len(time), 3)[: len(dims)], np.nan)
            frame = {"frame": "GSE"} if name in VECTORS else {}
            variables[name] = dims, values, schema.attributes(name) | frame
    return variables


def origins(each: Instrument) -> dict[str, dict[str, str]]:
    """Attributes per variable: the CDF variables that it was made of, and what the product notes about it."""
    texts = {}
    for source in each.product.sources if each.product else ():
        if source.name in each.series:
            note = "; ".join(filter(None, (source.note, each.product.note)))
            texts[source.name] = {"source": f"{each.name} {' '.join(source.variables)}"} | (
                {"note": note} if note else {}
            )
    return texts


def attributes(manifest: dict, magnetometer: Instrument, plasma: Instrument) -> dict:
    """Dataset attributes: products, what one sample of each clock stands for, what is missing and what was removed."""
    removed = {**plasma.removed, **magnetometer.removed}
    files = [file for kind in ("field", "plasma") for file in manifest[kind].get("files", ())]
    return {
        "product_field": magnetometer.name,
        "product_plasma": plasma.name,
        "accumulation_mag_s": magnetometer.accumulation_s,
        "accumulation_plasma_s": plasma.accumulation_s,
        "reason_field": magnetometer.reason,
        "reason_plasma": plasma.reason,
        "removed": json.dumps({name: +counts for name, counts in removed.items()}, sort_keys=True),
        "source_files": json.dumps({Path(file["path"]).name: file["sha256"] for file in files}, sort_keys=True),
    }
