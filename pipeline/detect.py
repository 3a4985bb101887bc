"""Find Alfvénic intervals: where v and b of one frequency band vary together, strongly enough, for long enough.

1. Band energies e_v, e_b, h from the wavelet, averaged over one mean period. (A single scale, unsmoothed, exceeds
   |sigma_c| = 0.7 in 5 % of the time where v and b are independent; a band average practically never.)
2. Core: |sigma_c|, |sigma_r| and the amplitude dB/B meet their thresholds for the minimum duration.
   Extent: the core's surroundings where they meet them loosened by `margin` and sigma_c keeps its sign; a local value
   scatters by about that much around the interval's own.
3. Edges: the wavelet smears an interval by its cone (20 min in this band). Each edge is therefore put where the
   covariance of the band-passed v and b changes, by maximum likelihood: 1 to 12 min from the truth in simulations.
4. The interval as a whole must meet the thresholds; neighbours within one longest period that do so together are one.

The presets are this project's own; the literature uses similar ones under various names.
"""

from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field, model_validator

from pipeline import intervals as table_of
from pipeline.config import Frozen
from pipeline.fluctuations import Alphas, Density, alfven_units, cadence_s, field_name
from pipeline.physics import elsasser, response, wavelet, window

Preset = Literal["strict", "loose"]
PRESETS = {"strict": (0.7, 0.3), "loose": (0.5, 0.5)}  # |sigma_c| at least, |sigma_r| at most
COLUMNS = (
    *table_of.COLUMNS,
    *("start_low", "start_high", "end_low", "end_high", "support", "direction"),
    *("sigma_c", "sigma_r", "sigma_m", "db_over_b", "region"),
)
SPREAD = ("start_low", "start_high", "end_low", "end_high")
VOICES = 8
CLEAR_POLARITY = 0.2  # |<B_x>| / <|B|> below which along x has no meaning
FLUX_ROPE = (0.7, 0.3, -0.5)  # |sigma_m| at least, |sigma_c| at most, sigma_r at most: box of Zhao et al. (2020)
MIN_FILLED = 0.3  # of a smoothing window


class Settings(Frozen):
    """Thresholds, band, amplitude and duration of Alfvénic intervals, and the ensemble that gives their spread."""

    preset: Preset = Field(
        "strict", description="thresholds: strict |sigma_c| >= 0.7, |sigma_r| <= 0.3; loose 0.5, 0.5"
    )
    sigma_c_min: float | None = Field(None, gt=0, lt=1, description="instead of the preset's")
    sigma_r_max: float | None = Field(None, gt=0, lt=1, description="instead of the preset's")
    margin: float = Field(0.2, ge=0, lt=0.5, description="thresholds are loosened by this around a core")
    band_s: tuple[float, float] = Field((600.0, 3600.0), description="shortest and longest period")
    db_over_b_min: float = Field(0.1, ge=0, description="rms of B in the band over mean |B|")
    min_duration_s: float | None = Field(None, gt=0, description="default, and at least: one mean period of the band")
    merge_gap_s: float = Field(
        600.0, ge=0, description="pieces closer than this are one; without data, one mean period"
    )
    density: Density = "window_mean"
    density_window_s: float = Field(3600.0, gt=0)
    alphas: Alphas = "measured"
    assumed_alpha_ratio: float = Field(0.04, ge=0, lt=1)
    response_tolerance: float = Field(0.05, gt=0, lt=1, description="error of sigma that the instruments may cause")
    ensemble_presets: tuple[Preset, ...] = Field(("strict", "loose"), description="thresholds varied for the spread")
    ensemble_bands_s: tuple[tuple[float, float], ...] = Field(
        ((300.0, 1800.0), (600.0, 3600.0), (1800.0, 7200.0)), description="bands varied for the spread"
    )
    ensemble_density: tuple[Density, ...] = ("window_mean", "instantaneous")
    extended_fraction: float = Field(
        0.2, gt=0, le=1, description="share of a structure from which it counts as extended"
    )

    @model_validator(mode="after")
    def _ordered(self):
        for band in (self.band_s, *self.ensemble_bands_s):
            if not 0 < band[0] <= band[1] / 2:
                raise ValueError(f"a band must span at least an octave, shortest period first, found {band}")
        if self.min_duration_s is not None and self.min_duration_s < mean_period(self.band_s):
            raise ValueError(
                f"min_duration_s is {self.min_duration_s:g}, expected at least one mean period of the band, "
                f"{mean_period(self.band_s):.0f} s"
            )
        return self

    @property
    def thresholds(self) -> tuple[float, float]:
        """Lowest |sigma_c| and highest |sigma_r|."""
        sigma_c, sigma_r = PRESETS[self.preset]
        return self.sigma_c_min or sigma_c, self.sigma_r_max or sigma_r

    @property
    def shortest_interval_s(self) -> float:
        return self.min_duration_s or mean_period(self.band_s)


def mean_period(band_s: tuple[float, float]) -> float:
    """Geometric mean of the shortest and the longest period (s)."""
    return float(np.sqrt(band_s[0] * band_s[1]))


@dataclass(frozen=True)
class Fluctuations:
    """One spacecraft's fluctuations in one band on a grid of `dt_s`; energies (time,) km2 s-2 over one mean period."""

    time: np.ndarray
    dt_s: float
    band_s: tuple[float, float]
    e_v: np.ndarray
    e_b: np.ndarray
    h: np.ndarray
    helicity: np.ndarray
    speed: np.ndarray  # <|b|> over the longest period: the Alfvén speed of the field (km s-1)
    polarity: np.ndarray  # <b_x> / <|b|> over the longest period
    v: np.ndarray  # (time, component) from the shortest measured to the longest period, NaN where missing
    b: np.ndarray

    @property
    def sigma_c(self) -> np.ndarray:
        return elsasser.sigma_c(self.e_v, self.e_b, self.h)

    @property
    def sigma_r(self) -> np.ndarray:
        return elsasser.sigma_r(self.e_v, self.e_b)

    @property
    def sigma_m(self) -> np.ndarray:
        return self.helicity / np.where(self.e_b > 0, 2 * self.e_b, np.nan)

    @property
    def db_over_b(self) -> np.ndarray:
        return np.sqrt(2 * self.e_b) / np.where(self.speed > 0, self.speed, np.nan)

    def samples(self, seconds: float) -> int:
        return max(1, round(seconds / self.dt_s))


def fluctuations(
    ds: xr.Dataset, band_s: tuple[float, float], density: Density, settings: Settings
) -> Fluctuations | None:
    """Fluctuations of one spacecraft in one band, or None where the usable part of the band is below an octave."""
    dt_s = cadence_s(ds)
    shortest = max(band_s[0], usable_from(ds, settings.response_tolerance))
    if shortest > band_s[1] / 2 or ds.sizes["time"] * dt_s < 2 * band_s[1]:
        return None
    v, b, _ = alfven_units(ds, density, settings.density_window_s, settings.alphas, settings.assumed_alpha_ratio)
    step = max(1, int(shortest / (16 * dt_s)))
    x, missing = wavelet.prepare(np.concatenate((v, b), axis=1))
    # Down from the longest period, so that the band and what the edges are read from share their scales.
    octaves = np.floor(VOICES * np.log2(band_s[1] / min(shortest, 4 * step * dt_s))) / VOICES
    period_s = wavelet.periods(band_s[1] / 2**octaves, band_s[1], VOICES)
    (band,) = wavelet.transform(x, dt_s, period_s, step=step)
    energies = _band_energies(band, missing, dt_s, shortest)
    smooth = window.odd_length(mean_period(band_s), step * dt_s)
    strength, along = _mean_field(b, window.odd_length(band_s[1], dt_s))
    passed = np.where(missing[::step, None], np.nan, wavelet.band_passed(band, dt_s))
    return Fluctuations(
        ds["time"].values[::step],
        step * dt_s,
        band_s,
        *(window.running_mean(energy, smooth, MIN_FILLED) for energy in energies),
        strength[::step],
        along[::step],
        passed[:, :3],
        passed[:, 3:],
    )


def usable_from(ds: xr.Dataset, tolerance: float) -> float:
    """Shortest period (s) that cadence and accumulations leave usable; an unknown accumulation is the cadence."""
    dt_s = cadence_s(ds)
    plasma, field = (ds.attrs.get(f"accumulation_{clock}_s", dt_s) for clock in ("plasma", "mag"))
    return response.resampled_band(dt_s, plasma, field, field_name(ds) == "b_matched", tolerance)[0]


def _band_energies(band, missing, dt_s, shortest_s):
    (ok,) = wavelet.usable(missing, dt_s, (band,))
    parts = (*wavelet.energies(band), wavelet.helicity(band.w[4], band.w[5]))
    scalogram = wavelet.Scalogram(band.period_s, band.step, dt_s, *(np.where(ok, part, np.nan) for part in parts))
    return wavelet.band_energies(scalogram.within(shortest_s, np.inf))


def _mean_field(b, length):
    """<|b|> (km s-1) and <b_x> / <|b|>, running means of `length` samples."""
    strength = window.running_mean(np.linalg.norm(b, axis=1), length, MIN_FILLED)
    along = window.running_mean(b[:, 0], length, MIN_FILLED)
    return strength, along / np.where(strength > 0, strength, np.nan)


def detect(ds: xr.Dataset, intervals: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Detected intervals of one spacecraft, COLUMNS, in time order; empty where there is none.

    ds: uniform data; intervals: its rows of the table of intervals. Searched is what lies in the sheath and the ejecta.
    Rows: alfvenic_1, ...; kept apart from them, and named so, small_flux_rope_1, ... (sigma_m, sigma_r box) and
    discontinuity_1, ... (intervals that meet the thresholds through one jump).
    start_low to end_high: range over the ensemble's members that find the interval; support: their share. It says how
        far the choices move the edges, and is no confidence interval: the nominal edges are the better estimate.
    direction: antisunward, sunward or ambiguous, from the sign of sigma_c and of B_x.
    """
    nominal = fluctuations(ds, settings.band_s, settings.density, settings)
    searched = _searched(intervals)
    if nominal is None or searched is None:
        return _table([])
    spans = find(nominal, searched, settings.thresholds, settings)
    members = _ensemble(ds, nominal, searched, settings) if spans else []
    spacecraft = intervals["spacecraft"].iloc[0]
    found = [("discontinuity" if one_jump(nominal, span) else "alfvenic", span) for span in spans]
    found += [("small_flux_rope", span) for span in small_flux_ropes(nominal, searched, settings.shortest_interval_s)]
    rows, count = [], {}
    for name, span in sorted(found, key=lambda item: item[1]):
        count[name] = count.get(name, 0) + 1
        spread = _spread(nominal, span, members) if name != "small_flux_rope" else {}
        rows.append(
            {"spacecraft": spacecraft, "interval": f"{name}_{count[name]}", "origin": "detected"}
            | _times(nominal, span)
            | _describe(nominal, span)
            | spread
            | {"region": _region(_times(nominal, span), intervals)}
        )
    return _table(rows)


def _table(rows):
    table = pd.DataFrame(rows, columns=COLUMNS)
    for column in ("start", "end", *SPREAD):
        table[column] = pd.to_datetime(table[column]).astype("datetime64[ns]")
    return table


def _searched(intervals):
    """First and last boundary of sheath and ejecta, None where they are unknown."""
    rows = intervals[intervals["interval"].isin(("sheath", "ejecta"))].dropna(subset=["start", "end"])
    return None if rows.empty else (rows["start"].min().to_datetime64(), rows["end"].max().to_datetime64())


def find(
    data: Fluctuations,
    searched: tuple[np.datetime64, np.datetime64],
    thresholds: tuple[float, float],
    settings: Settings,
) -> list[tuple[int, int]]:
    """Alfvénic intervals as (first, behind last) samples of `data`, in time order, without overlap."""
    limits = _limits(data, searched)
    if limits is None:
        return []
    inside = table_of.inside(data.time, *searched)
    shortest = data.samples(max(settings.shortest_interval_s, mean_period(data.band_s)))
    spans = []
    for sign in (1, -1):
        own = []
        same = inside & (np.nan_to_num(data.sigma_c) * sign > 0)
        core = runs(same & _meets(data, thresholds, 0.0, settings.db_over_b_min))
        core = [run for run in core if run[1] - run[0] >= shortest]
        wide = runs(same & _meets(data, thresholds, settings.margin, settings.db_over_b_min))
        for extent in merged(wide, data.samples(settings.merge_gap_s), np.isfinite(data.h), shortest):
            cores = [run for run in core if extent[0] <= run[0] and run[1] <= extent[1]]
            if cores:
                own.append(_accepted(data, extent, cores, limits, thresholds, shortest))
        spans += joined(data, [span for span in own if span is not None], thresholds, settings.db_over_b_min)
    return _without_overlap(spans, shortest)


def _meets(data, thresholds, margin, db_over_b_min):
    with np.errstate(invalid="ignore"):
        return (
            (np.abs(data.sigma_c) >= thresholds[0] - margin)
            & (np.abs(data.sigma_r) <= thresholds[1] + margin)
            & (data.db_over_b >= db_over_b_min * (1 - margin))
        )


def _accepted(data, extent, cores, limits, thresholds, shortest):
    """The extent with its edges refined; where that fails the thresholds as a whole, the longest core; else None."""
    longest = max(cores, key=lambda run: run[1] - run[0])
    for span in (refined(data, extent, limits), longest):
        if span[1] - span[0] >= shortest and as_a_whole(data, span, thresholds):
            return span
    return None


def as_a_whole(
    data: Fluctuations, span: tuple[int, int], thresholds: tuple[float, float], db_over_b_min: float = 0.0
) -> bool:
    """True where the ratios of the span's mean energies meet the thresholds, and its mean amplitude the gate."""
    e_v, e_b, h = _means(data, span)[:3]
    meets = abs(elsasser.sigma_c(e_v, e_b, h)) >= thresholds[0] and abs(elsasser.sigma_r(e_v, e_b)) <= thresholds[1]
    return bool(meets and np.sqrt(2 * e_b) >= db_over_b_min * _mean_speed(data, span))


def joined(
    data: Fluctuations, spans: list[tuple[int, int]], thresholds: tuple[float, float], db_over_b_min: float
) -> list[tuple[int, int]]:
    """Spans of one sign, neighbours within one longest period made one where their union meets the thresholds.

    Within waves of sigma_c = 0.8 the local value dips below 0.5 now and then; two pieces that together are as Alfvénic
    as each has to be are one interval.
    """
    out = []
    for span in sorted(spans):
        union = (out[-1][0], max(out[-1][1], span[1])) if out else span
        near = bool(out) and span[0] - out[-1][1] <= data.samples(data.band_s[1])
        if near and as_a_whole(data, union, thresholds, db_over_b_min):
            out[-1] = union
        else:
            out.append(span)
    return out


def _mean_speed(data, span):
    speed = data.speed[slice(*span)]
    return float(wavelet.known_mean(speed, axis=0))


def _means(data, span):
    """Mean e_v, e_b, h, helicity over the samples of a span."""
    parts = np.stack([part[slice(*span)] for part in (data.e_v, data.e_b, data.h, data.helicity)])
    parts = parts[:, np.isfinite(parts).all(axis=0)]
    return parts.mean(axis=1) if parts.shape[1] else np.full(4, np.nan)


def runs(flag: np.ndarray) -> list[tuple[int, int]]:
    """(first, behind last) index of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flag.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def merged(spans: list[tuple[int, int]], gap: int, known: np.ndarray, unknown_gap: int) -> list[tuple[int, int]]:
    """Spans in order, made one where less than `gap` samples, or less than `unknown_gap` without data, part them."""
    out = []
    for first, last in spans:
        if out and first - out[-1][1] < (gap if known[out[-1][1] : first].any() else max(gap, unknown_gap)):
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


def _without_overlap(spans, shortest):
    out = []
    for first, last in sorted(spans):
        first = max(first, out[-1][1]) if out else first
        if last - first >= shortest:
            out.append((first, last))
    return out


def refined(data: Fluctuations, span: tuple[int, int], limits: tuple[int, int]) -> tuple[int, int]:
    """`span` with each edge moved to the most likely change of the covariance of v and b near it.

    Looked at is one longest period outwards, and two inwards (a strong interval smears over a weak neighbour) or as far
    as the middle. An edge at the limits of the search stays there: what lies beyond is another structure.
    """
    reach, middle = data.samples(data.band_s[1]), (span[0] + span[1]) // 2
    shortest = data.samples(data.band_s[0])
    first = last = None
    if span[0] > limits[0]:
        first = change_point(data, max(limits[0], span[0] - reach), min(middle, span[0] + 2 * reach), shortest)
    if span[1] < limits[1]:
        last = change_point(data, max(middle, span[1] - 2 * reach), min(limits[1], span[1] + reach), shortest)
    return first if first is not None else span[0], last if last is not None else span[1]


def change_point(data: Fluctuations, lower: int, upper: int, shortest: int) -> int | None:
    """Sample between lower + shortest and upper - shortest that parts the data into two most likely pieces.

    Each piece is Gaussian, its three components alike, with a covariance of v and b of its own: the log-likelihood is
    -3/2 sum_k n_k log(4 e_v e_b - h^2)_k. None where there is too little data.
    """
    part = slice(lower, upper)
    e_v, e_b, h = elsasser.energies(data.v[part], data.b[part])
    known = np.isfinite(h)
    sums = np.zeros((len(h) + 1, 4))
    np.cumsum(np.where(known[:, None], np.stack((e_v, e_b, h, known), axis=1), 0.0), axis=0, out=sums[1:])
    at = np.arange(shortest, len(h) - shortest)
    pieces = sums[at], sums[-1] - sums[at]
    enough = np.minimum(pieces[0][:, 3], pieces[1][:, 3]) >= max(shortest // 2, 2)
    if not enough.any():
        return None
    at = at[enough]
    return lower + int(at[np.argmin(sum(_negative_log_likelihood(piece[enough]) for piece in pieces))])


def _negative_log_likelihood(sums):
    count = sums[:, 3]
    e_v, e_b, h = (sums[:, :3] / count[:, None]).T
    # A pure wave has a singular covariance; a millionth of the energy keeps the logarithm finite.
    determinant = np.maximum(4 * e_v * e_b - h**2, 1e-6 * (e_v + e_b) ** 2 + 1e-12)
    return 1.5 * count * np.log(determinant)


def one_jump(data: Fluctuations, span: tuple[int, int], share: float = 0.5) -> bool:
    """True where more than `share` of the squared increments of v and b in the span lie at one place.

    Increments over a quarter of the shortest period; a wave spreads them, a discontinuity has nearly all within one
    such lag of itself.
    """
    lag = data.samples(data.band_s[0] / 4)
    x = np.concatenate((data.v[slice(*span)], data.b[slice(*span)]), axis=1)
    squares = np.nan_to_num(np.sum((x[lag:] - x[:-lag]) ** 2, axis=1))
    if squares.size <= 2 * lag or not squares.any():
        return False
    there = np.convolve(squares, np.ones(2 * lag + 1), "same").max()
    return bool(there > share * squares.sum())


def small_flux_ropes(
    data: Fluctuations, searched: tuple[np.datetime64, np.datetime64], shortest_s: float
) -> list[tuple[int, int]]:
    """Spans of at least shortest_s in the box of small flux ropes: |sigma_m| high, |sigma_c| low, sigma_r low."""
    sigma_m, sigma_c, sigma_r = FLUX_ROPE
    with np.errstate(invalid="ignore"):
        box = (np.abs(data.sigma_m) >= sigma_m) & (np.abs(data.sigma_c) <= sigma_c) & (data.sigma_r <= sigma_r)
    limits = _limits(data, searched)
    if limits is None:
        return []
    box[: limits[0]] = box[limits[1] :] = False
    shortest = data.samples(shortest_s)
    spans = [refined(data, run, limits) for run in runs(box) if run[1] - run[0] >= shortest]
    return _without_overlap(spans, shortest)


def _limits(data, searched):
    """First and behind the last sample of what is searched, None where it holds no sample."""
    inside = np.flatnonzero(table_of.inside(data.time, *searched))
    return (int(inside[0]), int(inside[-1]) + 1) if inside.size else None


def _times(data, span):
    """Edges of the span: half a grid step before its first and behind its last sample."""
    half = np.timedelta64(round(data.dt_s * 5e8), "ns")
    return {"start": data.time[span[0]] - half, "end": data.time[span[1] - 1] + half}


def _describe(data, span):
    e_v, e_b, h, helicity = _means(data, span)
    part = slice(*span)
    return {
        "sigma_c": float(elsasser.sigma_c(e_v, e_b, h)),
        "sigma_r": float(elsasser.sigma_r(e_v, e_b)),
        "sigma_m": float(helicity / (2 * e_b)) if e_b > 0 else np.nan,
        "db_over_b": float(np.sqrt(2 * e_b) / _mean_speed(data, span)),
        "direction": direction(data.h[part], data.polarity[part]),
    }


def direction(h: np.ndarray, polarity: np.ndarray) -> str:
    """antisunward, sunward or ambiguous: the way most of the correlated energy travels.

    h: (time,) cross energy; polarity: <B_x> / <|B|> in GSE, x towards the Sun. Waves with h > 0 travel against B, so
    that h B_x > 0 is antisunward. Ambiguous where B_x is small in more than half of the energy, or both ways balance.
    """
    known = np.isfinite(h) & np.isfinite(polarity)
    h, polarity = h[known], polarity[known]
    clear = np.abs(polarity) >= CLEAR_POLARITY
    total, antisunward = np.abs(h).sum(), np.sum(h[clear] * np.sign(polarity[clear]))
    if total == 0 or abs(antisunward) < 0.5 * total:
        return "ambiguous"
    return "antisunward" if antisunward > 0 else "sunward"


def _region(times, intervals):
    """The structure, sheath or ejecta, that holds most of the interval."""
    rows = intervals[intervals["interval"].isin(("sheath", "ejecta"))].dropna(subset=["start", "end"])
    shared = {
        row.interval: _overlap(times, row.start.to_datetime64(), row.end.to_datetime64()) for row in rows.itertuples()
    }
    return max(shared, key=shared.get)


def _overlap(times, start, end):
    seconds = (min(times["end"], end) - max(times["start"], start)) / np.timedelta64(1, "s")
    return max(0.0, float(seconds))


def _ensemble(ds, nominal, searched, settings):
    """Per member its spans as (start, end) times. A member whose band is not usable does not count."""
    members = []
    for choice in product(settings.ensemble_bands_s, settings.ensemble_density):
        as_nominal = choice == (settings.band_s, settings.density)
        data = nominal if as_nominal else fluctuations(ds, *choice, settings)
        if data is None:
            continue
        for preset in settings.ensemble_presets:
            spans = find(data, searched, PRESETS[preset], settings)
            members.append([_times(data, span) for span in spans])
    return members


def _spread(data, span, members):
    """Range of start and end over the members that cover at least half of the span, and their share."""
    times = _times(data, span)
    length = (times["end"] - times["start"]) / np.timedelta64(1, "s")
    starts, ends = [times["start"]], [times["end"]]
    supporting = 0
    for spans in members:
        touching = [other for other in spans if _overlap(times, other["start"], other["end"]) > 0]
        if sum(_overlap(times, other["start"], other["end"]) for other in touching) < 0.5 * length:
            continue
        supporting += 1
        starts.append(min(other["start"] for other in touching))
        ends.append(max(other["end"] for other in touching))
    support = supporting / len(members) if members else np.nan
    return dict(zip(SPREAD, (min(starts), max(starts), min(ends), max(ends)), strict=True)) | {"support": support}


def complement(intervals: pd.DataFrame, detected: pd.DataFrame, shortest_s: float = 0.0) -> pd.DataFrame:
    """What the Alfvénic rows leave of the ejecta: rows called quiet, one per piece of at least shortest_s.

    All pieces share the name; `intervals.mask` takes their union.
    """
    rows = []
    for ejecta in intervals[intervals["interval"] == "ejecta"].dropna(subset=["start", "end"]).itertuples():
        edge = ejecta.start
        for found in alfvenic(detected).sort_values("start").itertuples():
            rows.append((ejecta.spacecraft, "quiet", edge, min(found.start, ejecta.end), "detected"))
            edge = max(edge, found.end)
        rows.append((ejecta.spacecraft, "quiet", edge, ejecta.end, "detected"))
    table = pd.DataFrame([row for row in rows if _piece_s(row) > max(shortest_s, 0.0)], columns=table_of.COLUMNS)
    return table.astype({"start": "datetime64[ns]", "end": "datetime64[ns]"})


def _piece_s(row):
    return (row[3] - row[2]).total_seconds()


def alfvenic(detected: pd.DataFrame) -> pd.DataFrame:
    """The rows called alfvenic_1, ..."""
    return detected[detected["interval"].str.startswith("alfvenic_")]


def summary(ds: xr.Dataset, intervals: pd.DataFrame, detected: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Per structure (sheath, ejecta) of one spacecraft: how much of it is Alfvénic.

    Columns spacecraft, interval, alfvenic_fraction, extended, small_flux_rope_fraction, discontinuities (number),
    judged_fraction. Fractions are of the structure's duration, NaN where less than half of it could be judged (data
    gaps, no density).
    """
    data = fluctuations(ds, settings.band_s, settings.density, settings)
    rows = []
    for row in intervals[intervals["interval"].isin(("sheath", "ejecta"))].itertuples():
        judged = _judged_share(data, row)
        shares = {
            name: _share(detected, name, row) if judged >= 0.5 else np.nan for name in ("alfvenic", "small_flux_rope")
        }
        jumps = detected[detected["interval"].str.startswith("discontinuity_") & (detected["region"] == row.interval)]
        rows.append(
            {
                "spacecraft": row.spacecraft,
                "interval": row.interval,
                "alfvenic_fraction": shares["alfvenic"],
                "extended": bool(shares["alfvenic"] >= settings.extended_fraction),
                "small_flux_rope_fraction": shares["small_flux_rope"],
                "discontinuities": len(jumps),
                "judged_fraction": judged,
            }
        )
    return pd.DataFrame(rows)


def _judged_share(data, row):
    if data is None or pd.isna(row.start):
        return 0.0
    inside = table_of.inside(data.time, row.start, row.end)
    return float(np.isfinite(data.h[inside]).mean()) if inside.any() else 0.0


def _share(detected, name, row):
    chosen = detected[detected["interval"].str.startswith(f"{name}_")]
    seconds = sum(
        max(0.0, (min(found.end, row.end) - max(found.start, row.start)).total_seconds())
        for found in chosen.itertuples()
    )
    return seconds / (row.end - row.start).total_seconds()
