"""Alfvénic intervals from band energies, with their spread over an ensemble of thresholds, bands and densities."""

from itertools import product

import numpy as np
import pandas as pd
from scipy import ndimage

from baseline.alfvenicity import energies, ratios
from baseline.series import B, alfven, low_pass, rolling, runs
from baseline.waves import BANDS, periods, scalogram

STRICT, LOOSE = (0.7, 0.3), (0.5, 0.5)
MARGIN, AMPLITUDE, MERGE_S = 0.2, 0.1, 600.0


class Band:
    """Energies of one band and density, averaged over a mean period, and the series in the band."""

    def __init__(self, waves, x: pd.DataFrame, band) -> None:
        self.dt, self.band, self.time = waves.dt, band, x.index
        self.mean_s = np.sqrt(band[0] * band[1])
        smooth = rolling(pd.DataFrame(waves.band(band).T), self.mean_s, self.dt, 0.3).mean()
        self.e_v, self.e_b, self.h, self.helicity = smooth.to_numpy().T
        self.speed = rolling(np.sqrt((x[B] ** 2).sum(axis=1, min_count=3)), band[1], self.dt, 0.3).mean().to_numpy()
        found = ratios(self.e_v, self.e_b, self.h)
        self.sigma_c, self.sigma_r, self.sigma_m = found["sigma_c"], found["sigma_r"], self.helicity / self.e_b / 2
        self.amplitude = np.sqrt(2 * self.e_b) / self.speed
        values = x.to_numpy()
        self.v, self.b = np.split(values - low_pass(values, band[1], self.dt), 2, axis=1)
        self.shares = np.nan_to_num(energies(self.v, self.b))

    def samples(self, seconds: float) -> int:
        return max(1, round(seconds / self.dt))

    def whole(self, span) -> dict:
        part = slice(*span)
        e_v, e_b, h, helicity = (np.nanmean(q[part]) for q in (self.e_v, self.e_b, self.h, self.helicity))
        found = ratios(e_v, e_b, h) | {"sigma_m": helicity / e_b / 2}
        return found | {"db_over_b": np.sqrt(2 * e_b) / np.nanmean(self.speed[part])}

    def meets(self, thresholds, margin: float) -> np.ndarray:
        return (
            (abs(self.sigma_c) >= thresholds[0] - margin)
            & (abs(self.sigma_r) <= thresholds[1] + margin)
            & (self.amplitude >= AMPLITUDE * (1 - margin))
        )


def find(data: Band, inside: np.ndarray, thresholds) -> list[tuple[int, int]]:
    """Spans whose core meets the thresholds, with refined edges; neighbours that do so together are one."""
    shortest, found = data.samples(data.mean_s), []
    limits = np.flatnonzero(inside)[[0, -1]] + [0, 1]
    for sign in (1, -1):
        same, own = inside & (data.sigma_c * sign > 0), []
        core = [run for run in runs(same & data.meets(thresholds, 0)) if run[1] - run[0] >= shortest]
        wide = ndimage.binary_closing(same & data.meets(thresholds, MARGIN), np.ones(data.samples(MERGE_S)))
        for extent in runs(wide & inside):
            cores = [run for run in core if extent[0] <= run[0] and run[1] <= extent[1]]
            if cores:
                spans = refined(data, extent, limits), max(cores, key=lambda run: run[1] - run[0])
                own += [span for span in spans if long_enough(data, span, thresholds, shortest)][:1]
        found += joined(data, own, thresholds)
    return sorted(found)


def long_enough(data: Band, span, thresholds, shortest: int) -> bool:
    return span[1] - span[0] >= shortest and as_a_whole(data, span, thresholds)


def as_a_whole(data: Band, span, thresholds) -> bool:
    whole = data.whole(span)
    return abs(whole["sigma_c"]) >= thresholds[0] and abs(whole["sigma_r"]) <= thresholds[1]


def joined(data: Band, spans, thresholds) -> list[tuple[int, int]]:
    out = []
    for span in sorted(spans):
        near = bool(out) and span[0] - out[-1][1] <= data.samples(data.band[1])
        if near and as_a_whole(data, (out[-1][0], max(out[-1][1], span[1])), thresholds):
            out[-1] = out[-1][0], max(out[-1][1], span[1])
        elif not out or span[0] >= out[-1][1]:
            out.append(span)
    return out


def refined(data: Band, span, limits) -> tuple[int, int]:
    reach, middle = data.samples(data.band[1]), sum(span) // 2
    first, last = span
    if first > limits[0]:
        first = change(data, max(limits[0], first - reach), min(middle, first + 2 * reach), first)
    if last < limits[1]:
        last = change(data, max(middle, last - 2 * reach), min(limits[1], last + reach), last)
    return first, last


def change(data: Band, lower: int, upper: int, otherwise: int) -> int:
    """Sample that parts v and b into two most likely Gaussian pieces."""
    least = data.samples(data.band[0])
    sums = np.cumsum(data.shares[lower:upper], axis=0)
    at = np.arange(least, len(sums) - least)
    if not at.size:
        return otherwise
    cost = 0
    for total, count in ((sums[at - 1], at), (sums[-1] - sums[at - 1], len(sums) - at)):
        e_v, e_b, h = total.T / count
        cost = cost + 1.5 * count * np.log(np.maximum(4 * e_v * e_b - h**2, 1e-6 * (e_v + e_b) ** 2 + 1e-12))
    return lower + int(at[np.argmin(cost)])


def one_jump(data: Band, span) -> bool:
    lag, part = data.samples(data.band[0] / 4), slice(*span)
    x = np.hstack([data.v[part], data.b[part]])
    squares = np.nan_to_num(((x[lag:] - x[:-lag]) ** 2).sum(axis=1))
    sums = np.concatenate(([0], np.cumsum(squares)))
    return bool((sums[2 * lag + 1 :] - sums[: -2 * lag - 1]).max(initial=0) > 0.5 * sums[-1])


def detect(craft, units: pd.DataFrame, waves, velocity: dict) -> pd.DataFrame:
    """Rows of detected intervals; the spacecraft gains them and `quiet`, what they leave of the ejecta."""
    inside = craft.mask("sheath") | craft.mask("ejecta") if "sheath" in craft.pieces else craft.mask("ejecta")
    bands = {("window_mean", band): Band(waves, units, band) for band in BANDS}
    nominal = bands["window_mean", BANDS[0]]
    spans = find(nominal, inside, STRICT)
    ropes = small_ropes(nominal, inside)
    if spans:
        bands |= other_density(craft, waves, velocity)
    members = [find(data, inside, preset) for data, preset in product(bands.values(), (STRICT, LOOSE)) if spans]
    named = [("discontinuity" if one_jump(nominal, span) else "alfvenic", span) for span in spans]
    rows, count = [], {}
    for name, span in sorted(named + [("small_flux_rope", span) for span in ropes], key=lambda item: item[1]):
        count[name] = count.get(name, 0) + 1
        rows.append(describe(craft, nominal, f"{name}_{count[name]}", span, members))
    for row in rows:
        craft.pieces[row["interval"]] = [(row["start"], row["end"])]
    add_quiet(craft)
    return pd.DataFrame(rows)


def other_density(craft, waves, velocity) -> dict:
    """Bands of the same velocity and the field in units of the density as it is."""
    chosen = periods(BANDS[1][0], BANDS[2][1])
    x = alfven(craft.data, craft.dt, "instantaneous")
    at = [abs(waves.periods - period).argmin() for period in chosen]
    other, _ = scalogram(x, craft.dt, waves.periods[at], {c: w[at] for c, w in velocity.items()})
    return {("instantaneous", band): Band(other, x, band) for band in BANDS}


def small_ropes(data: Band, inside: np.ndarray) -> list[tuple[int, int]]:
    box = inside & (abs(data.sigma_m) >= 0.7) & (abs(data.sigma_c) <= 0.3) & (data.sigma_r <= -0.5)
    limits = np.flatnonzero(inside)[[0, -1]] + [0, 1]
    shortest = data.samples(data.mean_s)
    return [refined(data, run, limits) for run in runs(box) if run[1] - run[0] >= shortest]


def describe(craft, data: Band, name: str, span, members) -> dict:
    half = pd.Timedelta(seconds=data.dt / 2)
    edge = [data.time[span[0]] - half, data.time[span[1] - 1] + half]
    starts, ends = [span[0]], [span[1]]
    for spans in members:
        over = [s for s in spans if min(s[1], span[1]) > max(s[0], span[0])]
        if sum(min(s[1], span[1]) - max(s[0], span[0]) for s in over) >= 0.5 * (span[1] - span[0]):
            starts.append(min(s[0] for s in over))
            ends.append(max(s[1] for s in over))
    spread = {"start_low": min(starts), "start_high": max(starts), "end_low": min(ends), "end_high": max(ends)}
    row = {"spacecraft": craft.name, "interval": name, "start": edge[0], "end": edge[1]} | data.whole(span)
    row |= {k: data.time[min(i, len(data.time) - 1)] for k, i in spread.items()}
    return row | {"support": (len(starts) - 1) / max(len(members), 1), "direction": direction(craft, data, span)}


def direction(craft, data: Band, span) -> str:
    b = craft.data[B].iloc[slice(*span)].mean()
    if abs(b["bx"]) < 0.2 * np.linalg.norm(b):
        return "ambiguous"
    return "antisunward" if np.nansum(data.h[slice(*span)]) * b["bx"] > 0 else "sunward"


def add_quiet(craft) -> None:
    found = [craft.pieces[name][0] for name in craft.pieces if name.startswith("alfvenic")]
    quiet = []
    for start, end in craft.pieces["ejecta"]:
        for first, last in sorted(found):
            if first > start:
                quiet.append((start, min(first, end)))
            start = max(start, last)
        if end > start:
            quiet.append((start, end))
    craft.pieces["quiet"] = quiet


def occurrence(craft) -> list[dict]:
    """Share of sheath and ejecta that is Alfvénic."""
    found = np.any(
        [craft.mask(n) for n in craft.pieces if n.startswith("alfvenic")] or [np.zeros(len(craft.data), bool)], axis=0
    )
    rows = []
    for name in ("sheath", "ejecta"):
        if name in craft.pieces:
            share = found[craft.mask(name)].mean()
            rows.append(
                {"spacecraft": craft.name, "interval": name, "alfvenic_fraction": share, "extended": share >= 0.2}
            )
    return rows
