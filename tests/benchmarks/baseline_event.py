"""What one would write without this package: one script, one process, pandas, pycwt, scipy and matplotlib.

    python tests/benchmarks/baseline_event.py EVENT.pkl OUTPUT [all]

Two spacecraft's cleaned series in, the same kinds of results out as those of ours that it is held against: windowed and
wavelet sigma_c and sigma_r, lagged correlation with a block bootstrap, MVA hodograms, tables, figures, a page. Written
as such scripts are: the packages' own routines, nothing slow on purpose and nothing that they do not offer.
Input: pickled dicts of spacecraft -> DataFrame (index: time; columns bx by bz vx vy vz n), and -> interval -> (start,
end). With one spacecraft the correlation is left out. With `all` everything that the default settings make, written in
the package `baseline` beside; its columns are more: fx fy fz (field of the whole bin), temperature, alpha, px py pz.
"""

import pickle
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pycwt
from scipy import stats

B, V = ["bx", "by", "bz"], ["vx", "vy", "vz"]
WINDOW = "1803s"
BOOTSTRAPS = 2000
PERIODS = 60


def alfven(data: pd.DataFrame) -> pd.DataFrame:
    """v and b in Alfvén units, km/s; density averaged over an hour."""
    n = data["n"].rolling("1h", center=True, min_periods=10).mean()
    b = data[B].mul(21.812 / np.sqrt(n), axis=0)
    return pd.concat([data[V], b], axis=1)


def window_sigma(x: pd.DataFrame, least: int) -> pd.DataFrame:
    """sigma_c, sigma_r from rolling variances and covariances, pairwise complete."""
    x = x.where(x.notna().all(axis=1))
    roll = x.rolling(WINDOW, center=True, min_periods=least)
    variance = roll.var(ddof=0)
    e_v, e_b = variance[V].sum(axis=1, min_count=3) / 2, variance[B].sum(axis=1, min_count=3) / 2
    h = sum(x[v].rolling(WINDOW, center=True, min_periods=least).cov(x[b], ddof=0) for v, b in zip(V, B, strict=True))
    return pd.DataFrame({"sigma_c": h / (e_v + e_b), "sigma_r": (e_v - e_b) / (e_v + e_b), "e_v": e_v, "e_b": e_b})


def wavelet_sigma(x: pd.DataFrame, dt: float):
    """sigma_c, sigma_r (period, time) by pycwt, gaps interpolated, outside the cone missing."""
    mother = pycwt.Morlet(6)
    filled = x.interpolate(limit_direction="both")
    periods = np.geomspace(2 * dt, len(x) * dt / 4, PERIODS)
    w = {}
    for name in x:
        w[name], _, _, coi, _, _ = pycwt.cwt(
            filled[name].values - filled[name].mean(), dt, wavelet=mother, freqs=1 / periods
        )
    e_v, e_b = (sum(abs(w[c]) ** 2 for c in group) / 2 for group in (V, B))
    h = sum((w[v] * w[b].conj()).real for v, b in zip(V, B, strict=True))
    inside = periods[:, None] <= coi[None, :]
    masked = [np.where(inside, q, np.nan) for q in (h / (e_v + e_b), (e_v - e_b) / (e_v + e_b), e_v, e_b)]
    return periods, *masked


def best_lag(first: pd.Series, second: pd.Series, dt: float, reach_s: float = 7200.0) -> float:
    """Lag (s) of the largest Pearson correlation."""
    steps = np.arange(-int(reach_s / dt), int(reach_s / dt) + 1, max(1, int(60 / dt)))
    r = [first.corr(second.shift(-k)) for k in steps]
    return float(steps[int(np.nanargmax(r))] * dt)


def correlation(x: np.ndarray, y: np.ndarray, block: int, rng) -> tuple[float, float, float]:
    """Pearson r with a 95 % interval from a moving-block bootstrap."""
    good = np.isfinite(x) & np.isfinite(y)
    x, y = x[good], y[good]
    n, count = len(x), -(-len(x) // block)
    draws = np.empty(BOOTSTRAPS)
    for k in range(BOOTSTRAPS):
        index = (rng.integers(0, n - block + 1, count)[:, None] + np.arange(block)).ravel()[:n]
        draws[k] = np.corrcoef(x[index], y[index])[0, 1]
    return (stats.pearsonr(x, y)[0], *np.percentile(draws, [2.5, 97.5]))


def minimum_variance(b: np.ndarray):
    b = b[np.isfinite(b).all(axis=1)]
    values, vectors = np.linalg.eigh(np.cov(b.T))
    return values[::-1], vectors[:, ::-1], (b - b.mean(axis=0)) @ vectors[:, ::-1]


def save(figure, folder: Path, name: str) -> None:
    for kind in ("png", "pdf"):
        figure.savefig(folder / f"{name}.{kind}", dpi=200)
    plt.close(figure)


def overview(data, window, folder, name):
    figure, axes = plt.subplots(6, 1, figsize=(8, 10), sharex=True, layout="constrained")
    data[B].plot(ax=axes[0], lw=0.5)
    np.sqrt((data[B] ** 2).sum(axis=1, min_count=3)).plot(ax=axes[1], lw=0.5)
    data[V].plot(ax=axes[2], lw=0.5)
    data["n"].plot(ax=axes[3], lw=0.5)
    window["sigma_c"].plot(ax=axes[4], lw=0.5)
    window["sigma_r"].plot(ax=axes[5], lw=0.5)
    save(figure, folder, f"overview_{name}")


def scalogram(time, periods, sigma_c, sigma_r, folder, name):
    figure, axes = plt.subplots(2, 1, figsize=(8, 6), sharex=True, layout="constrained")
    for ax, values in zip(axes, (sigma_c, sigma_r), strict=True):
        step = max(1, values.shape[1] // 2000)
        mesh = ax.pcolormesh(time[::step], periods, values[:, ::step], cmap="RdBu_r", vmin=-1, vmax=1, rasterized=True)
        ax.set_yscale("log")
        figure.colorbar(mesh, ax=ax)
    save(figure, folder, f"scalogram_{name}")


def hodograms(frames, intervals, folder):
    figure, axes = plt.subplots(2, 2 * len(frames), figsize=(14, 6), layout="constrained")
    rows = []
    for k, (name, data) in enumerate(frames.items()):
        for j, (interval, (start, end)) in enumerate(list(intervals[name].items())[:2]):
            smooth = data.loc[start:end, B].resample("60s").mean().values
            values, vectors, turned = minimum_variance(smooth)
            rows.append(
                {"spacecraft": name, "interval": interval, "ratio": values[1] / values[2], "e_min": vectors[:, 2]}
            )
            for i, (p, q) in enumerate(((0, 1), (0, 2))):
                axes[i, 2 * k + j].plot(turned[:, p], turned[:, q], lw=0.6)
                axes[i, 2 * k + j].set_aspect("equal")
    save(figure, folder, "hodogram")
    return pd.DataFrame(rows)


def pair_figure(first, second, lag, folder):
    figure, axes = plt.subplots(3, 1, figsize=(8, 7), sharex=True, layout="constrained")
    for ax, c in zip(axes, B, strict=True):
        first[c].plot(ax=ax, lw=0.5)
        second[c].shift(freq=pd.Timedelta(-lag, "s")).plot(ax=ax, lw=0.5)
    save(figure, folder, "pair")


def page(tables: dict, folder: Path) -> None:
    pictures = "".join(f"<img src='{path.name}'>" for path in sorted(folder.glob("*.png")))
    body = "".join(f"<h2>{name}</h2>{frame.to_html()}" for name, frame in tables.items())
    (folder / "report.html").write_text(f"<html><body>{body}{pictures}</body></html>", "utf-8")


def interval_rows(name, x, window, scalograms, intervals):
    e_v, e_b = scalograms[3:]
    for interval, (start, end) in intervals.items():
        inside = (x.index >= start) & (x.index < end)
        part = window[inside]
        yield {"spacecraft": name, "interval": interval, "sigma_c": part["sigma_c"].mean(),
               "sigma_r": ((part["e_v"] - part["e_b"]).sum() / (part["e_v"] + part["e_b"]).sum()),
               "wavelet_e_v": np.nanmean(e_v[:, inside]), "wavelet_e_b": np.nanmean(e_b[:, inside])}  # fmt: skip


def pair_rows(frames, intervals, folder):
    (one, first), (_, second) = frames.items()
    dt = (first.index[1] - first.index[0]).total_seconds()
    second = second.reindex(first.index)
    lag = best_lag(first["bz"], second["bz"], dt)
    moved = second.shift(-round(lag / dt))
    pair_figure(first, second, lag, folder)
    correlations, rng = [], np.random.default_rng(1)
    for interval, (start, end) in intervals[one].items():
        for c in B:
            r = correlation(first.loc[start:end, c].values, moved.loc[start:end, c].values, int(1800 / dt), rng)
            correlations.append({"interval": interval, "component": c, "r": r[0], "low": r[1], "high": r[2]})
    return correlations


def main(source: str, output: str) -> None:
    frames, intervals = pickle.loads(Path(source).read_bytes())
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    rows, correlations = [], []
    for name, data in frames.items():
        dt = (data.index[1] - data.index[0]).total_seconds()
        x = alfven(data)
        window = window_sigma(x, least=int(900 / dt))
        scalograms = wavelet_sigma(x, dt)
        overview(data, window, folder, name)
        scalogram(x.index, *scalograms[:3], folder, name)
        rows += interval_rows(name, x, window, scalograms, intervals[name])
    if len(frames) == 2:
        correlations = pair_rows(frames, intervals, folder)
    hodogram = hodograms(frames, intervals, folder)
    tables = {"sigma": pd.DataFrame(rows), "correlation": pd.DataFrame(correlations), "hodogram": hodogram}
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    page(tables, folder)


if __name__ == "__main__":
    if sys.argv[3:] == ["all"]:
        from baseline.whole import main
    main(*sys.argv[1:3])
