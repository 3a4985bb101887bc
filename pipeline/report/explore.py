"""Data of the interactive panels: every series of every spacecraft, thinned for the screen with its extremes kept."""

import base64
import functools
import gzip
import json
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline import intervals as cut
from pipeline.figures import style
from pipeline.physics.plasma import plasma_beta
from pipeline.report.numbers import units

if TYPE_CHECKING:
    from pipeline.results import EventResults


MOST_POINTS = 6000  # per series; a screen is some 2000 pixels wide, and each has a lowest and a highest value
MOST_COLUMNS = 1500  # of a scalogram
SCALOGRAMS = ("sigma_c", "sigma_r", "sigma_m")
PANELS = (
    ("b_mag", "|B|", "nT", {"zero": True}),
    ("b_x", "B<sub>x</sub>", "nT", {}),
    ("b_y", "B<sub>y</sub>", "nT", {}),
    ("b_z", "B<sub>z</sub>", "nT", {}),
    ("speed", "|V|", "km s-1", {}),
    ("n", "n<sub>p</sub>", "cm-3", {"zero": True}),
    ("temperature", "T<sub>p</sub>", "K", {"log": True}),
    ("beta", "β<sub>p</sub>", "1", {"log": True}),
    ("sigma_c", "σ<sub>c</sub>", "1", {"unit_range": True}),
    ("sigma_r", "σ<sub>r</sub>", "1", {"unit_range": True}),
)


def payload(results: "EventResults") -> str:
    """JSON for the page's script, safe inside a script element."""
    reference = results.spacecraft[0]
    spacecraft = [_spacecraft(results, name) for name in results.spacecraft]
    found = {key for each in spacecraft for key in each["series"]}
    content = {
        "event": results.event,
        "spacecraft": spacecraft,
        "panels": [{"key": k, "label": text, "unit": units(u), **look} for k, text, u, look in PANELS if k in found],
        "intervals": _intervals(results, reference),
        "reference": style.display(reference),
    }
    return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c").replace("&", "\\u0026")


def _spacecraft(results, name) -> dict:
    ds = results.uniform(name)
    lag_s = results.lag_s(results.spacecraft[0], name) if name != results.spacecraft[0] else 0.0
    return {
        "name": name,
        "label": style.display(name),
        "colour": style.spacecraft_colour(results, name),
        "lag_ms": round(lag_s * 1e3) if np.isfinite(lag_s) else None,
        "series": _all_series(results, name, ds),
        "frames": _frames(results, name, ds),
        "scalogram": _scalogram(results, name),
    }


def _all_series(results, name, ds) -> dict[str, dict]:
    """Series by panel. The components of the field keep the same samples, so that a hodogram can be made of them."""
    time, vector = ds["time"].values, ds["b"].values
    kept = np.unique(np.concatenate([thinned(column, MOST_POINTS) for column in vector.T]))
    found = {f"b_{c}": _series(time, column, kept) for c, column in zip("xyz", vector.T, strict=True)}
    beta = plasma_beta(ds["n"].values, ds["temperature"].values, ds["b_mag"].values)
    single = {key: (time, ds[key].values) for key in ("b_mag", "n", "temperature")}
    single |= {"speed": (time, np.linalg.norm(ds["v"].values, axis=1)), "beta": (time, beta)}
    waves = style.alfvenicity(results, name)
    if waves is not None:
        single |= {key: (waves["time"].values, style.along(waves, key).values) for key in ("sigma_c", "sigma_r")}
    return found | {key: _series(*pair, thinned(pair[1], MOST_POINTS)) for key, pair in single.items()}


def _scalogram(results, name) -> dict | None:
    """Ratios in time and period as signed bytes (100 times the value, 127: missing), rows are periods."""
    if "wavelet" not in results.diagnostics(name):
        return None
    waves = results.diagnostic("wavelet", name)
    waves = waves.isel(time=slice(None, None, -(-waves.sizes["time"] // MOST_COLUMNS)))
    start, step = _milliseconds(waves["time"].values)
    images = {}
    for key in SCALOGRAMS:
        values = style.along(waves, key, ("time", "period")).transpose("period", "time").values
        scaled = np.where(np.isfinite(values), np.rint(100 * values), 127).astype(np.int8)
        images[key] = base64.b64encode(scaled.tobytes()).decode()
    minutes = [float(f"{p / 60:.4g}") for p in waves["period"].values]
    return {"start": start, "step": step, "columns": waves.sizes["time"], "period_min": minutes, "values": images}


def _series(time, values, kept) -> dict:
    """Start and step of the time (ms), the samples kept (none: all of them) and their values (four digits)."""
    start, step = _milliseconds(time)
    return {
        "start": start,
        "step": step,
        "index": None if len(kept) == len(values) else kept.tolist(),
        "values": [None if not np.isfinite(v) else float(f"{v:.4g}") for v in values[kept]],
    }


def thinned(values: np.ndarray, most: int) -> np.ndarray:
    """Indices (at most `most`) that keep the lowest and highest value of every stretch and where gaps begin."""
    n = len(values)
    if n <= most:
        return np.arange(n)
    edges = np.linspace(0, n, most // 3 + 1).astype(int)
    kept = set()
    for low, high in pairwise(edges):
        part = values[low:high]
        valid = np.flatnonzero(np.isfinite(part))
        if valid.size:
            kept.update(low + valid[[part[valid].argmin(), part[valid].argmax()]])
        if valid.size < len(part):
            kept.add(low + int(np.flatnonzero(~np.isfinite(part))[0]))
    return np.array(sorted(kept))


def _milliseconds(time) -> tuple[int, float]:
    milliseconds = time.astype("datetime64[us]").astype(np.int64) / 1e3
    return milliseconds[0], float(np.diff(milliseconds[:2])[0]) if len(time) > 1 else 0.0


def _frames(results, name, ds) -> list[dict]:
    """Frames for the hodogram: rows are axes. The data's own, then the minimum variance frame of each interval."""
    frames = [{"name": ds["b"].attrs["frame"], "labels": ["x", "y", "z"], "axes": np.eye(3).tolist()}]
    if "hodogram" not in results.diagnostics(name):
        return frames
    result = results.diagnostic("hodogram", name)
    for interval in result["interval"].values:
        axes = result["e"].sel(interval=interval)
        if np.isfinite(axes).all():
            labels = [str(a) for a in axes["axis"].values]
            title = f"minimum variance, {style.display(str(interval))}"
            frames.append(
                {"name": title, "labels": labels, "axes": axes.transpose("axis", "component").values.tolist()}
            )
    return frames


def _intervals(results, spacecraft) -> list[dict]:
    rows = style.known(cut.of(results.intervals, spacecraft))
    rows = rows[[bool(style.interval_shade(name)) or name in style.SHORT for name in rows["interval"]]]
    return [
        {
            "name": style.display(row.interval),
            "start": round(row.start.timestamp() * 1e3),
            "end": round(row.end.timestamp() * 1e3),
            "shade": style.interval_shade(row.interval),
            "row": int(row.interval not in style.SHADES),  # over the panels: what was found above what was given
        }
        for row in rows.itertuples()
    ]


@functools.cache
def library() -> str:
    """The plotting library's script, compressed (gzip) and in base64: a third of its size, unpacked by the browser."""
    script = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    return base64.b64encode(gzip.compress(script, 6, mtime=0)).decode()
