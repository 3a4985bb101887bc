"""Two spacecraft: lag, agreement per region, by scale, against the rest of the ejecta, and without the band."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import signal, stats

from baseline import doubt
from baseline.curves import roughness, spacing
from baseline.series import (
    BAND,
    FIELD,
    SMOOTH_S,
    band_pass,
    complete,
    effective_size,
    low_pass,
    odd,
    p_value,
    phase_randomised,
    rolling,
    runs,
)

QUANTITIES = {"b_x": [0], "b_y": [1], "b_z": [2], "b_mag": [3], "vector": [0, 1, 2]}
SCALES = ("all", "large", "band")
SEARCH_S, SHIFT_S, SLIDING_S, AVERAGE_S = 7200.0, 1800.0, 7200.0, 1800.0
SURROGATES, REPLICATES = 200, 1000


@dataclass(frozen=True)
class Pair:
    """Fields (time, 4: components and strength) of both on the first's clock, and regions as masks."""

    names: tuple[str, str]
    time: pd.DatetimeIndex
    dt: float
    lag_s: float
    x: np.ndarray
    y: np.ndarray
    regions: dict[str, np.ndarray]


def with_strength(data: pd.DataFrame) -> np.ndarray:
    b = data[FIELD].to_numpy()
    return np.column_stack([b, np.linalg.norm(b, axis=1)])


def lagged(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """r (batch, lag, quantity) of x (time, 4) with y (batch, time + lags - 1, 4), from sums by convolution."""
    there_x, there_y = np.isfinite(x).all(axis=-1, keepdims=True), np.isfinite(y).all(axis=-1, keepdims=True)
    x, y = np.where(there_x, x - np.nanmean(x, axis=0), 0.0), np.where(there_y, y - np.nanmean(x, axis=0), 0.0)
    turned, there_x, there_y = x[None, ::-1], there_x[None, ::-1].astype(float), there_y.astype(float)

    def sums(a, b):
        return signal.fftconvolve(b, a, "valid", axes=1)

    n = np.maximum(np.rint(sums(there_x, there_y)), 1)
    sum_x, sum_y = sums(turned, there_y), sums(there_x, y)
    var_x, var_y = sums(turned**2, there_y) - sum_x**2 / n, sums(there_x, y**2) - sum_y**2 / n
    covariance = sums(turned, y) - sum_x * sum_y / n
    each = covariance / np.sqrt(var_x * var_y)
    vector = covariance[..., :3].sum(axis=-1) / np.sqrt(var_x[..., :3].sum(axis=-1) * var_y[..., :3].sum(axis=-1))
    return np.where(n >= 0.5 * len(x), np.concatenate([each, vector[..., None]], axis=-1), np.nan)


def padded(y: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Rows start to stop of y (time, k), NaN beyond its ends."""
    out = np.full((stop - start, y.shape[1]), np.nan)
    first, last = max(start, 0), min(stop, len(y))
    out[first - start : last - start] = y[first:last]
    return out


def aligned(first, second) -> tuple[Pair, pd.DataFrame, list[dict]]:
    """The pair at the lag of the largest vector correlation over the ejecta, the curves, and a row of lags."""
    dt, reach = first.dt, round(SEARCH_S / first.dt)
    x, y = with_strength(first.data), with_strength(second.data.reindex(first.data.index))
    index = np.flatnonzero(first.mask("ejecta"))
    part = slice(index[0], index[-1] + 1)
    r = lagged(x[part], padded(y, part.start - reach, part.stop + reach)[None])[0]
    curves = pd.DataFrame(r, np.arange(-reach, reach + 1) * dt, list(QUANTITIES))
    curves["component_mean"] = r[:, :3].mean(axis=1)
    lag = int(curves["vector"].idxmax() / dt)
    place = first.data[["px", "py", "pz"]][part].mean(), second.data[["px", "py", "pz"]].mean()
    row = {"lag_s": lag * dt, "r_max": r[:, 4].max(), "lag_strength_s": curves["b_mag"].idxmax()}
    row |= {"lag_mean_s": curves["component_mean"].idxmax()}
    row["convective_lag_s"] = (place[1]["px"] - place[0]["px"]) / first.data["vx"][part].mean()
    moved = padded(y, lag, lag + len(y))
    regions = {name: first.mask(name) for name in first.pieces}
    for name in [n for n in second.pieces if n.startswith("alfvenic")]:
        shift = pd.Timedelta(lag * dt, "s")
        (start, end), time = second.pieces[name][0], first.data.index
        regions[f"{name}_{second.name}"] = (time >= start - shift) & (time < end - shift)
    pair = Pair((first.name, second.name), first.data.index, dt, lag * dt, x, moved, regions)
    return pair, curves, [row | local_lags(pair, part)]


def local_lags(pair: Pair, part: slice) -> dict:
    """Spread of the lag of a window of two hours around every sample."""
    reach, found = round(1800 / pair.dt), []
    for k in range(-reach, reach + 1):
        found.append(sliding(pair.x, padded(pair.y, k, k + len(pair.y)), pair.dt)["vector"][part])
    best = np.argmax(np.nan_to_num(found, nan=-1), axis=0) - reach
    return {"local_lag_low_s": best.min() * pair.dt, "local_lag_high_s": best.max() * pair.dt}


def sliding(x: np.ndarray, y: np.ndarray, dt: float) -> pd.DataFrame:
    """Running r of every quantity."""
    x, y = pd.DataFrame(x), pd.DataFrame(y)
    both = x.notna() & y.notna()
    x, y = x.where(both), y.where(both)
    covariance = rolling(x, SLIDING_S, dt).cov(y, pairwise=False, ddof=0)
    var_x, var_y = rolling(x, SLIDING_S, dt).var(ddof=0), rolling(y, SLIDING_S, dt).var(ddof=0)
    r = covariance / np.sqrt(var_x * var_y)
    r.columns = list(QUANTITIES)[:4]
    total = np.sqrt(var_x[[0, 1, 2]].sum(axis=1, min_count=3) * var_y[[0, 1, 2]].sum(axis=1, min_count=3))
    return r.assign(vector=covariance[[0, 1, 2]].sum(axis=1, min_count=3) / total)


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    """r of common samples (time, k), components pooled."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return (x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())


def correlation(pair: Pair, rng) -> list[dict]:
    """Every statistic per region and quantity."""
    rows = []
    for name, inside in pair.regions.items():
        near, p = around(pair, inside), searched(pair, inside, rng)
        resampled = bootstrap(pair, inside, rng)
        for k, (quantity, columns) in enumerate(QUANTITIES.items()):
            x, y = doubt.common(pair.x[inside][:, columns], pair.y[inside][:, columns])
            row = {
                "interval": name,
                "quantity": quantity,
                **statistics(x, y),
                "r_max": near[0][k],
                "r_max_lag_s": near[1][k],
            }
            row["r_averaged"] = pearson(*averages(pair, inside, columns))
            row["r_low"], row["r_high"] = np.tanh(doubt.interval(doubt.correlation_draws([x], [y], rng)))
            row["r_low_bootstrap"], row["r_high_bootstrap"] = doubt.interval(resampled[:, k])
            rows.append(
                row | {"p_value": p[0][k], "p_value_shift": p[1][k], "rank": rank(pair, inside, columns, row["r"])}
            )
    frame = pd.DataFrame(rows)
    for _, part in frame[frame["quantity"].isin(list(QUANTITIES)[:3])].groupby("interval"):
        frame.loc[part.index, "p_value_holm"] = doubt.holm(part["p_value"].to_numpy())
    return frame.to_dict("records")


def statistics(x: np.ndarray, y: np.ndarray) -> dict:
    rms = np.sqrt(((y - x) ** 2).sum(axis=1).mean())
    var_x, var_y = x.var(axis=0).sum(), y.var(axis=0).sum()
    offset = ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
    out = {"r": pearson(x, y), "n_samples": len(x), "rms_difference": rms, "variance_ratio": var_y / var_x}
    out["concordance"] = 2 * out["r"] * np.sqrt(var_x * var_y) / (var_x + var_y + offset)
    out["n_eff"] = np.mean([effective_size(a, b) for a, b in zip(x.T, y.T, strict=True)])
    if x.shape[1] == 1:
        return out | {"spearman": stats.spearmanr(x[:, 0], y[:, 0])[0]}
    cross = np.linalg.norm(np.cross(x, y), axis=1)
    return out | {"angle_median": np.degrees(np.median(np.arctan2(cross, (x * y).sum(axis=1))))}


def averages(pair: Pair, inside: np.ndarray, columns: list[int]) -> list[np.ndarray]:
    both = inside & np.isfinite(pair.x + pair.y).all(axis=1)
    block = np.arange(len(both)) // max(1, round(AVERAGE_S / pair.dt))
    means = pd.DataFrame(np.hstack([pair.x[:, columns], pair.y[:, columns]])[both]).groupby(block[both]).mean()
    return np.split(means.to_numpy(), 2, axis=1)


def around(pair: Pair, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest r of every quantity near the lag, and where."""
    reach, part = round(SHIFT_S / pair.dt), span(inside)
    x = np.where(inside[part, None], pair.x[part], np.nan)
    r = lagged(x, padded(pair.y, part.start - reach, part.stop + reach)[None])[0]
    best = np.nan_to_num(r, nan=-2).argmax(axis=0)
    return r[best, np.arange(5)], pair.lag_s + (best - reach) * pair.dt


def span(inside: np.ndarray) -> slice:
    index = np.flatnonzero(inside)
    return slice(index[0], index[-1] + 1)


def bootstrap(pair: Pair, inside: np.ndarray, rng) -> np.ndarray:
    """(replicates, quantity): r of resampled blocks of half an hour, all quantities from the same blocks."""
    x, y = doubt.common(pair.x[inside], pair.y[inside])
    n, block = len(x), min(int(1800 / pair.dt), len(x) // 3)
    out = np.empty((REPLICATES, 5))
    for k in range(REPLICATES):
        index = (rng.integers(0, n - block + 1, -(-n // block))[:, None] + np.arange(block)).ravel()[:n]
        a, b = x[index], y[index]
        a, b = a - a.mean(axis=0), b - b.mean(axis=0)
        cov, var_a, var_b = (a * b).sum(axis=0), (a * a).sum(axis=0), (b * b).sum(axis=0)
        out[k, :4] = cov / np.sqrt(var_a * var_b)
        out[k, 4] = cov[:3].sum() / np.sqrt(var_a[:3].sum() * var_b[:3].sum())
    return out


def searched(pair: Pair, inside: np.ndarray, rng) -> list[np.ndarray]:
    """p of each quantity's r where unrelated seconds (random phases, shifts) search for their own lag."""
    reach, part = round(SEARCH_S / pair.dt), span(inside)
    x = np.where(inside[part, None], pair.x[part], np.nan)
    around_it = padded(pair.y, part.start - reach, part.stop + reach)
    observed = lagged(x, pair.y[part][None])[0, 0]
    random = phase_randomised(around_it, SURROGATES, rng)
    shifts = rng.integers(reach, len(pair.y) - reach, SURROGATES)
    moved = np.stack([padded(np.roll(pair.y, k, axis=0), part.start - reach, part.stop + reach) for k in shifts])
    out = []
    for made in (random, moved):
        r = np.concatenate([lagged(x, batch) for batch in np.array_split(made, 4)])
        best = np.nan_to_num(r[..., 4], nan=-2).argmax(axis=1)
        out.append(p_value((r[np.arange(len(r)), best] >= observed).sum(axis=0), SURROGATES))
    return out


def rank(pair: Pair, inside: np.ndarray, columns: list[int], r: float) -> float:
    """Share of equally long windows of the ejecta with at most this r."""
    ejecta, length = pair.regions["ejecta"], inside.sum()
    part = span(inside)
    if part.stop - part.start != length or not ejecta[inside].all() or length > 0.8 * ejecta.sum():
        return np.nan
    x, y = (pd.DataFrame(a[ejecta][:, columns]).rolling(length, min_periods=length // 2) for a in (pair.x, pair.y))
    covariance = x.cov(pd.DataFrame(pair.y[ejecta][:, columns]), pairwise=False, ddof=0).sum(axis=1, min_count=1)
    found = (covariance / np.sqrt(x.var(ddof=0).sum(axis=1) * y.var(ddof=0).sum(axis=1)))[length - 1 :]
    return float((found.dropna() <= r + 1e-9).mean())


def by_scale(pair: Pair, band=BAND) -> dict[str, Pair]:
    """All, slower than the band, in the band; a sample that one lacks is taken from the other too."""
    both = np.isfinite(pair.x + pair.y).all(axis=1, keepdims=True)
    x, y = np.where(both, pair.x, np.nan), np.where(both, pair.y, np.nan)
    large = {"x": low_pass(x, band[1], pair.dt), "y": low_pass(y, band[1], pair.dt)}
    inside = {"x": band_pass(x, band, pair.dt), "y": band_pass(y, band, pair.dt)}
    return {"all": pair, "large": replace(pair, **large), "band": replace(pair, **inside)}


def inner(scale: str, inside: np.ndarray, dt: float) -> np.ndarray:
    """In the band without a quarter of the longest period at each end."""
    out = inside.copy()
    for start, stop in runs(inside) if scale == "band" else ():
        cut = min(round(BAND[1] / 4 / dt), (stop - start) // 4)
        out[start : start + cut] = out[stop - cut : stop] = False
    return out


def scales(parts: dict[str, Pair], rng) -> list[dict]:
    rows = []
    for name, inside in parts["all"].regions.items():
        for scale, pair in parts.items():
            chosen = inner(scale, inside, pair.dt)
            for quantity, columns in QUANTITIES.items():
                x, y = doubt.common(pair.x[chosen][:, columns], pair.y[chosen][:, columns])
                low, high = np.tanh(doubt.interval(doubt.correlation_draws([x], [y], rng, slope(scale))))
                found = quick(x, y)
                rows.append(
                    {"interval": name, "quantity": quantity, "scale": scale, **found, "r_low": low, "r_high": high}
                )
    return rows


def quick(x: np.ndarray, y: np.ndarray) -> dict:
    rms = np.sqrt(((y - x) ** 2).sum(axis=1).mean())
    spread = [np.sqrt(a.var(axis=0).sum()) for a in (x, y)]
    return {
        "r": pearson(x, y),
        "n_samples": len(x),
        "rms_difference": rms,
        "rms_first": spread[0],
        "rms_second": spread[1],
    }


def slope(scale: str) -> float:
    return 0.0 if scale == "band" else 2.0


def compared(pair: Pair) -> dict[str, tuple[np.ndarray, np.ndarray, str]]:
    """Regions with what they are compared with."""
    ejecta = pair.regions["ejecta"]
    alfvenic = [name for name in pair.regions if name.startswith("alfvenic")]
    found = np.any([pair.regions[n] for n in alfvenic] or [np.zeros(len(ejecta), bool)], axis=0)
    out = {name: (pair.regions[name] & ejecta, ejecta & ~found, "quiet") for name in alfvenic}
    if len(alfvenic) > 1:
        out["alfvenic"] = found & ejecta, ejecta & ~found, "quiet"
    thirds = [name for name in pair.regions if name.startswith("ejecta_")]
    return out | {name: (pair.regions[name], ejecta & ~pair.regions[name], "rest of the ejecta") for name in thirds}


def cut(masks, least: int = 12) -> list[list[slice]] | None:
    """Windows of one length, the longest that fits into both."""
    size = min(max((stop - start for start, stop in runs(mask)), default=0) for mask in masks)
    if size < least:
        return None
    out = []
    for mask in masks:
        pieces = []
        for start, stop in runs(mask):
            number, first = (stop - start) // size, start + (stop - start) % size // 2
            pieces += [slice(first + k * size, first + (k + 1) * size) for k in range(number)]
        out.append(pieces)
    return out


def pieces(pair: Pair, windows, columns) -> tuple[list, list]:
    pairs = [doubt.common(pair.x[w][:, columns], pair.y[w][:, columns]) for w in windows]
    return [x for x, _ in pairs if len(x)], [y for _, y in pairs if len(y)]


def pooled(x: list, y: list) -> float:
    x, y = (np.concatenate([a - a.mean(axis=0) for a in part]) for part in (x, y))
    return (x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())


def contrast(parts: dict[str, Pair], rng) -> list[dict]:
    """r and misfit of every region against its baseline, in windows of one length."""
    rows = []
    for name, (*masks, baseline) in compared(parts["all"]).items():
        for scale, pair in parts.items():
            windows = cut([inner(scale, mask, pair.dt) for mask in masks])
            for quantity, columns in QUANTITIES.items() if windows else ():
                both = [pieces(pair, w, columns) for w in windows]
                row = {"interval": name, "baseline": baseline, "quantity": quantity, "scale": scale}
                row["window_h"] = (windows[0][0].stop - windows[0][0].start) * pair.dt / 3600
                rows.append(row | difference(both, rng, slope(scale)) | misfits(both, rng, slope(scale)))
    return rows


def difference(both, rng, slope: float) -> dict:
    z = [doubt.correlation_draws(x, y, rng, slope) for x, y in both]
    r = [pooled(x, y) for x, y in both]
    low, high = doubt.interval(np.tanh(z[0]) - np.tanh(z[1]))
    out = {"r": r[0], "r_baseline": r[1], "delta_r": r[0] - r[1], "delta_r_low": low, "delta_r_high": high}
    return out | {"delta_r_p": doubt.two_sided(z[0] - z[1])}


def misfits(both, rng, slope: float) -> dict:
    off = [[b - a for a, b in zip(x, y, strict=True)] for x, y in both]
    square = [np.mean((np.concatenate(d) ** 2).sum(axis=1)) for d in off]
    draws = [doubt.variance_draws(d, rng, False, slope) / sum(map(len, d)) for d in off]
    low, high = doubt.interval(np.sqrt(draws[0] / draws[1]))
    out = {"misfit": np.sqrt(square[0]), "misfit_ratio": np.sqrt(square[0] / square[1])}
    return out | {"ratio_low": low, "ratio_high": high, "misfit_p": doubt.two_sided(np.log(draws[0] / draws[1]))}


def counterfactual(pair: Pair, rng) -> list[dict]:
    """The same differences where the band, half as wide again, is taken out of both."""
    band = by_scale(pair, (BAND[0] / 1.5, BAND[1] * 1.5))["band"]
    without, rows = replace(pair, x=pair.x - band.x, y=pair.y - band.y), []
    for name, (*masks, baseline) in compared(pair).items():
        windows = cut(masks)
        rough = {
            f"roughness_{which}": smooth_roughness(getattr(without, a)[masks[0], :3], pair.dt)
            for which, a in (("first", "x"), ("second", "y"))
        }
        for quantity, columns in QUANTITIES.items() if windows else ():
            here = [pooled(*pieces(pair, w, columns)) for w in windows]
            found = difference([pieces(without, w, columns) for w in windows], rng, 2.0)
            deficit = here[0] - here[1]
            row = {"interval": name, "quantity": quantity, "baseline": baseline, "delta_r_with": deficit, **found}
            rows.append(row | rough | {"explained": 1 - found["delta_r"] / deficit if deficit < 0 else np.nan})
    return rows


def smooth_roughness(b: np.ndarray, dt: float) -> float:
    return roughness(complete(low_pass(b, SMOOTH_S, dt, into_gaps=True)[:: spacing(dt)]))


def misfit_series(pair: Pair) -> pd.DataFrame:
    """Running rms difference."""
    square = pd.DataFrame((pair.y - pair.x) ** 2, columns=list(QUANTITIES)[:4])
    square["vector"] = square[["b_x", "b_y", "b_z"]].sum(axis=1, min_count=3)
    return np.sqrt(
        square.rolling(odd(SLIDING_S, pair.dt), center=True, min_periods=odd(SLIDING_S, pair.dt) // 2).mean()
    )
