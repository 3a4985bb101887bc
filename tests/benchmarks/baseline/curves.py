"""Hodograms: minimum variance, complexity of the curve beside surrogates and other windows, type of the rope."""

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.spatial import distance

from baseline.series import (
    FIELD,
    SMOOTH_S,
    complete,
    effective_size,
    low_pass,
    minimum_variance,
    p_value,
    phase_randomised,
    rolling,
)

METRICS = (
    *("tortuosity", "roughness", "turning_ratio", "self_intersections", "curvature_changes", "arc_residual"),
    *("thickness", "permutation_entropy", "statistical_complexity"),
)
SURROGATES, WINDOWS, ORDER = 99, 24, 4


def hodograms(craft) -> list[dict]:
    rows = []
    for name in craft.pieces:
        b = craft.data[FIELD][craft.mask(name)]
        values, axes = minimum_variance(b.to_numpy())
        along = complete(b.to_numpy()) @ axes
        count = effective_size(along[:, 2], along[:, 2]) - 1
        error = np.sqrt(values[2] / count * values[:2]) / (values[:2] - values[2])
        noise = np.sqrt(values[2] / count + np.sum((error * along[:, :2].mean(axis=0)) ** 2))
        smooth = rolling(b, 1800, craft.dt, 0.3).mean().dropna().to_numpy() @ axes
        net, total = turns(smooth[:, :2])
        row = {"spacecraft": craft.name, "interval": name, "ratio_max_int": values[0] / values[1]}
        row |= {"ratio_int_min": values[1] / values[2], "error_min_deg": np.degrees(error.max())}
        row |= {f"eigenvalue_{k}": x for k, x in zip(("max", "int", "min"), values, strict=True)}
        row |= {f"e_{k}_{c}": axes[i, j] for j, k in enumerate(("max", "int", "min")) for i, c in enumerate("xyz")}
        rows.append(row | {"b_normal": along[:, 2].mean(), "error": noise, "rotation_deg": net, "turning_deg": total})
    return rows


def turns(plane: np.ndarray) -> tuple[float, float]:
    angle = np.degrees(np.unwrap(np.arctan2(plane[:, 1], plane[:, 0])))
    return angle[-1] - angle[0], abs(np.diff(angle)).sum()


def spacing(dt: float) -> int:
    return max(1, round(SMOOTH_S / 2 / dt))


def length(curve: np.ndarray) -> float:
    return np.linalg.norm(np.diff(curve, axis=0), axis=1).sum()


def roughness(curve: np.ndarray) -> float:
    """Length over extent."""
    points = curve[:: -(-len(curve) // 400)]
    return length(curve) / distance.pdist(points).max()


def metrics(smooth: np.ndarray, dt: float) -> np.ndarray:
    """METRICS of a smoothed field (time, 3)."""
    curve = complete(smooth[:: spacing(dt)])
    if len(curve) < 8:
        return np.full(len(METRICS), np.nan)
    values, axes = minimum_variance(curve)
    plane = (curve @ axes)[:, :2]
    net, total = turns(plane)
    step = np.diff(plane, axis=0)
    bend = np.sign(step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0])
    hours = len(smooth) * dt / 3600
    ordinal = np.mean([entropies(column, spacing(dt)) for column in smooth.T], axis=0)
    return np.array(
        [
            length(curve) / np.linalg.norm(curve[-1] - curve[0]),
            roughness(curve),
            total / abs(net),
            crossings(plane) / hours,
            (bend[1:] != bend[:-1]).sum() / hours,
            arc_residual(plane),
            np.sqrt(values[2] / values[1]),
            *ordinal,
        ]
    )


def crossings(plane: np.ndarray) -> int:
    """Pairs of segments that cross, all pairs at once."""
    start, step = plane[:-1], np.diff(plane, axis=0)
    i, j = later(len(step))
    between = start[j] - start[i]
    determinant = step[i, 0] * step[j, 1] - step[i, 1] * step[j, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        here = (between[:, 0] * step[j, 1] - between[:, 1] * step[j, 0]) / determinant
        there = (between[:, 0] * step[i, 1] - between[:, 1] * step[i, 0]) / determinant
    return int(((here >= 0) & (here < 1) & (there >= 0) & (there < 1)).sum())


@lru_cache(4)
def later(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of segments that do not touch."""
    return np.triu_indices(n, 2)


def arc_residual(plane: np.ndarray) -> float:
    """Rms distance from the best circle over its radius (Taubin 1991)."""
    x = plane - plane.mean(axis=0)
    square = (x**2).sum(axis=1)
    mean = square.mean()
    a = np.linalg.svd(np.column_stack([(square - mean) / (2 * np.sqrt(mean)), x]), full_matrices=False)[2][-1]
    a = a / [2 * np.sqrt(mean), 1, 1]
    radius = np.sqrt((a[1:] ** 2).sum() / (4 * a[0] ** 2) + mean)
    return np.sqrt(np.mean((np.linalg.norm(x + a[1:] / (2 * a[0]), axis=1) - radius) ** 2)) / radius


def entropies(x: np.ndarray, delay: int) -> tuple[float, float]:
    """Permutation entropy and statistical complexity of x, from the rankings of delayed values."""
    n = len(x) - (ORDER - 1) * delay
    if n < 1:
        return np.nan, np.nan
    patterns = np.stack([x[k * delay : k * delay + n] for k in range(ORDER)], axis=1)
    if not np.isfinite(x).all():
        patterns = complete(patterns)
    ranking = np.argsort(patterns, axis=1) @ ORDER ** np.arange(ORDER)
    counts = np.bincount(ranking)
    p = np.zeros(24)
    p[: np.count_nonzero(counts)] = counts[counts > 0] / counts.sum()
    entropy = shannon(p) / np.log(24)
    divergence = shannon((p + 1 / 24) / 2) - shannon(p) / 2 - np.log(24) / 2
    largest = -0.5 * (25 / 24 * np.log(25) - 2 * np.log(48) + np.log(24))
    return entropy, divergence / largest * entropy


def shannon(p: np.ndarray) -> float:
    return -np.sum(p[p > 0] * np.log(p[p > 0]))


def smooth_surrogates(b: np.ndarray, count: int, dt: float, rng):
    """Smoothed fields (time, 3) of the spectra of b, filtered 25 at a time."""
    for part in np.array_split(np.arange(count), max(1, count // 25)):
        made = phase_randomised(b, len(part), rng)
        smooth = low_pass(np.concatenate(made, axis=1), SMOOTH_S, dt, into_gaps=True)
        yield from np.split(smooth, len(part), axis=1)


def windows(inside: np.ndarray, ejecta: np.ndarray) -> list[slice]:
    """Equally long windows of the ejecta; none for a region in pieces, outside it, or hardly shorter."""
    index, whole = np.flatnonzero(inside), np.flatnonzero(ejecta)
    if not ejecta[index].all() or index[-1] - index[0] + 1 != index.size or index.size > 0.8 * whole.size:
        return []
    starts = np.unique(np.linspace(whole[0], whole[-1] + 1 - index.size, WINDOWS).astype(int))
    return [slice(start, start + index.size) for start in starts]


def complexity(craft, rng) -> list[dict]:
    """Metrics per interval, their rank among windows of the ejecta, and surrogates."""
    field, ejecta, rows = craft.data[FIELD].to_numpy(), craft.mask("ejecta"), []
    for name in craft.pieces:
        inside = craft.mask(name)
        b = field[inside]
        value = metrics(low_pass(b, SMOOTH_S, craft.dt, into_gaps=True), craft.dt)
        made = np.array([metrics(x, craft.dt) for x in smooth_surrogates(b, SURROGATES, craft.dt, rng)])
        others = [
            metrics(low_pass(field[w], SMOOTH_S, craft.dt, into_gaps=True), craft.dt) for w in windows(inside, ejecta)
        ]
        rank = np.mean(np.array(others) <= value + 1e-9, axis=0) if others else np.full(len(METRICS), np.nan)
        low, median, high = np.percentile(made, [2.5, 50, 97.5], axis=0)
        p = p_value((made >= value - 1e-12).sum(axis=0), SURROGATES)
        frame = pd.DataFrame({"quantity": METRICS, "value": value, "rank": rank, "surrogate_p": p})
        frame = frame.assign(surrogate_low=low, surrogate_median=median, surrogate_high=high)
        rows += frame.assign(spacecraft=craft.name, interval=name).to_dict("records")
    return rows


def rope(craft) -> list[dict]:
    """Type of each interval from the field slower than two hours."""
    rows = []
    for name in craft.pieces:
        b = craft.data[FIELD][craft.mask(name)].to_numpy()
        smooth = complete(low_pass(b, 7200, craft.dt))
        plane = (smooth @ minimum_variance(smooth)[1])[:, :2]
        net, total = turns(plane)
        passed = np.cumsum(np.nan_to_num(np.linalg.norm(b, axis=1)))
        row = {
            "spacecraft": craft.name,
            "interval": name,
            "rope_type": rope_type(plane, net, total),
            "rotation_deg": net,
        }
        row |= {"turning_deg": total, "dip": np.interp(passed[-1] / 2, passed, np.linspace(0, 1, len(passed)))}
        rows.append(row | {"bothmer_schwenn": letters(smooth)})
    return rows


def rope_type(plane, net: float, total: float) -> str:
    angle = np.degrees(np.unwrap(np.arctan2(plane[:, 1], plane[:, 0])))
    both = min((angle - np.minimum.accumulate(angle)).max(), (np.maximum.accumulate(angle) - angle).max())
    if both >= 90 or abs(net) > 360:
        return "Cx"
    if abs(net) < 30 or total > 3 * abs(net):
        return "E"
    return "F-" if abs(net) < 90 else "Fr" if abs(net) <= 180 else "F+"


def letters(b: np.ndarray) -> str:
    front, middle, rear = (
        b[: len(b) // 6].mean(axis=0),
        b[len(b) // 3 : -len(b) // 3].mean(axis=0),
        b[-len(b) // 6 :].mean(axis=0),
    )
    poles = abs(rear - front)[1:].argmax()
    names = ("WE", "SN")
    signs = int(front[1 + poles] > 0), int(middle[2 - poles] > 0), int(rear[1 + poles] > 0)
    return names[poles][signs[0]] + names[1 - poles][signs[1]] + names[poles][signs[2]]
