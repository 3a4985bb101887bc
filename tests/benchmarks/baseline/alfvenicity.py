"""Cross helicity and residual energy per interval by every method, de Hoffmann-Teller frame and Walén relation."""

import numpy as np
import pandas as pd

from baseline import doubt
from baseline.series import B, V, alfven, odd, rolling

WINDOW_S = 3600.0
METHODS = {
    "running_mean": {},
    "window": {},
    "running_mean:density=instantaneous": {"density": "instantaneous"},
    "running_mean:density=interval_mean": {"density": "interval_mean"},
    "running_mean:alphas=assumed": {"alphas": "assumed"},
    "running_mean:alphas=none": {"alphas": "none"},
}


def energies(dv, db) -> np.ndarray:
    """e_v, e_b, h of every sample (time, 3)."""
    return np.stack([(dv**2).sum(axis=1) / 2, (db**2).sum(axis=1) / 2, (dv * db).sum(axis=1)], axis=1)


def ratios(e_v, e_b, h) -> dict:
    total = e_v + e_b
    return {"sigma_c": h / total, "sigma_r": (e_v - e_b) / total, "r_a": e_v / e_b}


def about_mean(x: pd.DataFrame, dt: float) -> pd.DataFrame:
    return x - rolling(x, WINDOW_S, dt, 0).mean()


def window_energies(x: pd.DataFrame, dt: float) -> np.ndarray:
    """e_v, e_b, h (time, 3) inside the windows."""
    window = rolling(x, WINDOW_S, dt)
    variance = window.var(ddof=0)
    h = sum(rolling(x[v], WINDOW_S, dt).cov(x[b], ddof=0) for v, b in zip(V, B, strict=True))
    e_v, e_b = (variance[c].sum(axis=1, min_count=3) / 2 for c in (V, B))
    return np.stack([e_v, e_b, h], axis=1)


def outward(data: pd.DataFrame, dt: float) -> dict[str, np.ndarray]:
    """Sign of the half-hour mean field along the radial and the Parker spiral, NaN where not clear."""
    mean = rolling(data[B], 1800, dt, 0.3).mean()
    strength = np.sqrt((mean**2).sum(axis=1, min_count=3))
    angle = np.arctan(2 * np.pi / (25.38 * 86400) * 1.496e8 / np.sqrt((data[V] ** 2).sum(axis=1, min_count=3)).mean())
    along = {"radial": -mean["bx"], "parker": -np.cos(angle) * mean["bx"] + np.sin(angle) * mean["by"]}
    return {k: np.where(abs(x) / strength >= 0.2, np.sign(x), np.nan) for k, x in along.items()}


def series(x: pd.DataFrame, data: pd.DataFrame, sign: np.ndarray, dt: float) -> pd.DataFrame:
    """Running values on time."""
    square = pd.DataFrame(energies(*np.split(about_mean(x, dt).to_numpy(), 2, axis=1)), x.index)
    e_v, e_b, h = (column for _, column in rolling(square, WINDOW_S, dt).mean().items())
    strength = rolling(np.sqrt((x[B] ** 2).sum(axis=1, min_count=3)), WINDOW_S, dt).mean()
    out = pd.DataFrame(ratios(e_v, e_b, h))
    return out.assign(rectified=-sign * out["sigma_c"], db_over_b=np.sqrt(2 * e_b) / strength)


def table(craft, units: pd.DataFrame, rng) -> list[dict]:
    """A row per interval and method."""
    sign = outward(craft.data, craft.dt)
    whole = {
        method: units if not options else alfven(craft.data, craft.dt, **options)
        for method, options in METHODS.items()
        if options.get("density") != "interval_mean"
    }
    rows = []
    for name in craft.pieces:
        inside = craft.mask(name)
        extent = slice(np.flatnonzero(inside)[0], np.flatnonzero(inside)[-1] + 1)
        here = {k: s[extent] for k, s in sign.items()}
        for method, options in METHODS.items():
            x = (
                whole[method]
                if method in whole
                else alfven(craft.data.where(pd.Series(inside, craft.data.index), axis=0), craft.dt, **options)
            )
            part = x[extent].where(pd.Series(inside[extent], x.index[extent]), axis=0)
            found = row(part, method, here, craft.dt, rng)
            rows.append({"spacecraft": craft.name, "interval": name, "method": method, **found})
    return rows


def row(x: pd.DataFrame, method: str, sign: dict, dt: float, rng) -> dict:
    v, b = np.split(x.to_numpy(), 2, axis=1)
    if np.isfinite(v + b).all(axis=1).sum() < 12:
        return {"n_samples": 0}
    fluctuating = method.startswith("running_mean")
    dv, db = np.split(about_mean(x, dt).to_numpy(), 2, axis=1)
    shares = energies(dv, db) if fluctuating else window_energies(x, dt)
    e_v, e_b, h = np.nanmean(shares, axis=0)
    strength = np.nanmean(np.sqrt((b**2).sum(axis=1)))
    draws, nu = doubt.energy_draws(dv, db, shares, odd(WINDOW_S, dt), rng)
    large = energies(v - np.nanmean(v, axis=0), b - np.nanmean(b, axis=0))
    whole, _ = doubt.energy_draws(v, b, large, odd(WINDOW_S, dt), rng)
    out = ratios(e_v, e_b, h) | {"n_samples": len(x), "n_effective": nu, "db_over_b": np.sqrt(2 * e_b) / strength}
    out |= {"dv_over_va": np.sqrt(2 * e_v) / strength} | bounds(ratios(*draws.T))
    for key, s in sign.items():
        clear = np.isfinite(s) & np.isfinite(shares[:, 2])
        out[f"sigma_c_{key}"] = -(s * shares[:, 2])[clear].sum() / max(shares[clear, :2].sum(), 1e-9)
    mean = np.nanmean(large, axis=0)
    out |= bounds({"walen_slope": whole[:, 2] / whole[:, 1] / 2}) | {"walen_slope": mean[2] / mean[1] / 2}
    return out | {"walen_correlation": mean[2] / 2 / np.sqrt(mean[0] * mean[1]), **frame(v, b)}


def bounds(draws: dict) -> dict:
    return {
        f"{k}_{end}": value
        for k, d in draws.items()
        for end, value in zip(("low", "high"), doubt.interval(d), strict=True)
    }


def frame(v: np.ndarray, b: np.ndarray, time=None) -> dict:
    """De Hoffmann-Teller velocity, accelerating where time is given, and the correlation of the electric fields."""
    there = np.isfinite(v + b).all(axis=1)
    v, b = v[there], b[there]
    weight = (
        np.ones((len(v), 1)) if time is None else np.column_stack([np.ones(len(v)), time[there] - time[there].mean()])
    )
    if time is not None:
        weight[:, 1] /= np.ptp(weight[:, 1])
    k = (b**2).sum(axis=1)[:, None, None] * np.eye(3) - b[:, :, None] * b[:, None, :]
    matrix = np.einsum("tp,tij,tq->piqj", weight, k, weight, optimize=True).reshape(3 * weight.shape[1], -1)
    right = np.einsum("tp,ti->pi", weight, np.einsum("tij,tj->ti", k, v)).ravel()
    solution = np.linalg.solve(matrix, right).reshape(-1, 3)
    here = weight @ solution
    e, model = np.cross(v, b), np.cross(here, b)
    error = np.sqrt(np.mean(np.sum((e - model) ** 2, axis=1)) / 2 * np.diag(np.linalg.inv(matrix))[:3])
    out = dict(zip(("v_ht_x", "v_ht_y", "v_ht_z"), solution[0], strict=True))
    out |= {
        "ht_correlation": np.corrcoef(e.ravel(), model.ravel())[0, 1],
        "ht_quality": np.sum((e - model) ** 2) / np.sum(e**2),
    }
    return out | dict(zip(("error_x", "error_y", "error_z"), error, strict=True))


def walen(craft, units: pd.DataFrame, rng) -> list[dict]:
    """Walén relation of every interval, its large scales included."""
    rows = []
    for name in craft.pieces:
        inside = craft.mask(name)
        v, b = np.split(units[inside].to_numpy(), 2, axis=1)
        shares = energies(v - np.nanmean(v, axis=0), b - np.nanmean(b, axis=0))
        e_v, e_b, h = np.nanmean(shares, axis=0)
        draws, nu = doubt.energy_draws(v, b, shares, odd(3600, craft.dt), rng)
        steady, moving = frame(v, b), frame(v, b, craft.dt * np.flatnonzero(inside).astype(float))
        out = {"slope": h / e_b / 2, "slope_orthogonal": orthogonal(e_v, e_b, h), "n_effective": nu}
        out |= bounds({"slope": draws[:, 2] / draws[:, 1] / 2, "slope_orthogonal": orthogonal(*draws.T)})
        out |= {"correlation": h / 2 / np.sqrt(e_v * e_b), "variance_ratio": e_v / e_b, **steady}
        rows.append({"spacecraft": craft.name, "interval": name, **out, "accelerated": moving["ht_correlation"]})
    return rows


def orthogonal(e_v, e_b, h):
    difference = 2 * (e_v - e_b)
    return (difference + np.hypot(difference, 2 * h)) / (2 * h)
