"""Lag between two spacecraft, four ways: the one that is used (vector correlation), and the others beside it.

Positive: the second sees it later; first(t) compares with second(t + lag). The ejecta at the
first stays, the data of the second slide.
"""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pipeline.aligned import cadence_s, common_grid
from pipeline.config import Lag as Settings
from pipeline.frames import separation
from pipeline.intervals import mask, of
from pipeline.physics.minvar import eigenvalue_ratios, minimum_variance_analysis
from pipeline.physics.window import centred_sums, odd_length
from pipeline.stats import bootstrap, lagged

if TYPE_CHECKING:
    import pandas as pd


MEASURES = ("vector", "b_mag", "component_mean", "b_x", "b_y", "b_z")
CORRELATED = MEASURES[:3]
METHODS = (*CORRELATED, "convective", "planar_front", "two_anchor")
USED = "vector"  # right on simulated pairs and on real clouds where |B| alone or the mean of the components were not
ATTRIBUTES = {
    "lag": ("s", "lag, positive: second later", "lag"),
    "r": ("1", "correlation over the ejecta", "r"),
    "n_samples": ("1", "common samples", "n"),
    "lag_s": ("s", "lag used: maximum of the vector correlation, whole bins, positive: second later", "lag"),
    "lag_refined_s": ("s", "lag at the vertex of the parabola through the maximum", "lag"),
    "lag_half_width_s": ("s", "half width of the maximum at half its height", "half width"),
    "r_max": ("1", "vector correlation at the lag used", "r"),
    "convective_lag_s": ("s", "lag predicted from the separation along x and the mean flow", "lag"),
    "method_lag_s": ("s", "lag by this method", "lag"),
    "method_half_width_s": ("s", "half width of the correlation's maximum at half its height", "half width"),
    "method_r": ("1", "vector correlation over the ejecta at this method's lag", "r"),
    "method_reason": ("", "why the method gives no lag", ""),
    "front_normal": ("1", "normal of the front boundary (GSE, pointing sunward)", "n"),
    "front_eigenvalue_ratio": ("1", "intermediate to minimum eigenvalue at the front boundary", "ratio"),
    "stretch": ("1", "duration of the ejecta at the second over that at the first", "stretch"),
    "separation_km": ("km", "second minus first position (GSE), mean over the ejecta", "separation"),
    "distance_km": ("km", "distance of the spacecraft", "distance"),
    "distance_re": ("Re", "distance of the spacecraft in Earth radii of 6378 km", "distance"),
    "distance_au": ("au", "distance of the spacecraft", "distance"),
    "angle_deg": ("degree", "angle between the spacecraft seen from the Sun", "angle"),
    "longitude_deg": ("degree", "heliographic longitude, second minus first, west positive", "longitude"),
    "latitude_deg": ("degree", "heliographic latitude, second minus first", "latitude"),
    "radial_km": ("km", "distance from the Sun, second minus first", "radial separation"),
    "local_lag_s": ("s", "lag of a sliding window, around the one lag", "local lag"),
    "local_r": ("1", "vector correlation of the sliding window at its local lag", "r"),
    "reason": ("", "why there is no lag", ""),
}


def compute(
    first: xr.Dataset,
    second: xr.Dataset,
    intervals: "pd.DataFrame",
    settings: Settings,
    normal: np.ndarray | None = None,
) -> xr.Dataset:
    """Lag of `second` against `first` over the ejecta at `first`.

    first, second: uniform data of one grid (aligned.common_grid). intervals: rows of both spacecraft; "ejecta" of the
    first is needed, the second's own boundaries (origin "given") add the two-anchor map. normal: of the front (GSE),
    else minimum variance around the front boundary.

    lag_s is a whole number of bins; NaN with a `reason` where the data do not give one. Curves r(lag, measure) hold
    NaN where fewer than `min_overlap` of the ejecta's samples are common; every method's lag stands in
    method_lag_s(interval, method), with the vector correlation that it would give.
    """
    first, second = common_grid(first, second)
    step = cadence_s(first)
    window = mask(first["time"].values, of(intervals, first.attrs["spacecraft"]), "ejecta")
    steps = np.arange(-round(settings.search_s / step), round(settings.search_s / step) + 1)
    curves, count = _curves(first, second, window, steps, settings.min_overlap)
    found = {m: _peak(curves[:, MEASURES.index(m)], steps, step, window.any()) for m in CORRELATED}
    found["convective"] = _convective(first, second, window)
    found["planar_front"], front = _planar_front(first, second, intervals, window, settings, normal)
    found["two_anchor"], stretch = _two_anchor(first, second, intervals)
    lag = found[USED]
    variables = {
        "r": (("lag", "measure"), curves),
        "n_samples": ("lag", count),
        "lag_s": ((), lag["lag_s"]),
        "lag_refined_s": ((), lag["refined_s"]),
        "lag_half_width_s": ((), lag["half_width_s"]),
        "r_max": ((), _r_at(first, second, window, lag["lag_s"], step)),
        "convective_lag_s": ((), found["convective"]["lag_s"]),
        "reason": ((), lag["reason"]),
        "stretch": ((), stretch),
        **front,
        **_separation(first, second, window),
        **_method_table(first, second, window, found, stretch, step),
        **_local(first, second, window, lag["lag_s"], step, settings),
    }
    coords = {"lag": steps * step, "measure": list(MEASURES), "method": list(METHODS), "interval": ["ejecta"]}
    coords |= {"component": first["component"].values, "time": first["time"].values[window]}
    ds = xr.Dataset(variables, coords, {"used": USED, "first": _name(first), "second": _name(second)})
    for name, (units, meaning, label) in ATTRIBUTES.items():
        ds[name].attrs = {"units": units, "long_name": meaning, "label": label}
    return ds.assign_attrs(event=first.attrs.get("event", ""))


def _name(ds):
    return ds.attrs.get("spacecraft", "")


def _curves(first, second, window, steps, min_overlap):
    """(lag, measure) correlations and (lag,) common samples of the three components."""
    vector = lagged.lagged_moments(first["b"].values, second["b"].values, window, steps)
    strength = lagged.lagged_moments(first["b_mag"].values[:, None], second["b_mag"].values[:, None], window, steps)
    components = bootstrap.correlation_from_means(vector)
    curves = np.column_stack(
        [
            bootstrap.vector_correlation_from_means(vector),
            bootstrap.correlation_from_means(strength[:, 0]),
            components.mean(axis=1),
            components,
        ]
    )
    count = vector[:, 0, 0]
    least = max(3.0, min_overlap * window.sum())
    curves[count < least, 0] = np.nan
    curves[count < least, 2:] = np.nan
    curves[strength[:, 0, 0] < least, 1] = np.nan
    return curves, count


def _peak(r, steps, step_s, has_ejecta):
    if not has_ejecta:
        return _no_lag("the first spacecraft has no ejecta interval on the grid")
    if not np.isfinite(r).any():
        return _no_lag("too few common samples of the ejecta at every lag")
    peak = lagged.highest_peak(r)
    if peak < 0:
        return _no_lag("the correlation has no maximum within the search range")
    if r[peak] <= 0:
        return _no_lag("the correlation is nowhere positive")
    return {
        "lag_s": float(steps[peak] * step_s),
        "refined_s": float((steps[peak] + lagged.parabolic_offset(r, peak)) * step_s),
        "half_width_s": lagged.half_width(r, peak) * step_s,
        "reason": "",
    }


def _no_lag(reason):
    return {"lag_s": np.nan, "refined_s": np.nan, "half_width_s": np.nan, "reason": reason}


def _lag(lag_s, reason):
    return _no_lag("") | {"lag_s": float(lag_s)} if np.isfinite(lag_s) else _no_lag(reason)


def _mean(values):
    """Mean over the rows (time, component) that are complete; NaN without any."""
    complete = values[np.isfinite(values).all(axis=1)]
    return complete.mean(axis=0) if len(complete) else np.full(values.shape[1], np.nan)


def _separation_and_flow(first, second, window):
    """Mean of second minus first position (km) and mean velocity (km s-1, either spacecraft), GSE, over the window."""
    separation = _mean(second["position"].values[window]) - _mean(first["position"].values[window])
    flow = _mean(first["v"].values[window])
    return separation, flow if np.isfinite(flow).all() else _mean(second["v"].values[window])


def _convective(first, second, window):
    """lag = dx / V_x: the flow (V_x < 0) carries a structure that does not depend on y and z from one to the other."""
    separation, flow = _separation_and_flow(first, second, window)
    return _lag(separation[0] / flow[0], "no position or no velocity during the ejecta")


def _planar_front(first, second, intervals, window, settings, normal):
    """lag = (dr . n) / (V . n) of a plane with normal n that the flow carries."""
    separation, flow = _separation_and_flow(first, second, window)
    ratio, reason = np.nan, ""
    if normal is None:
        normal, ratio = _front_normal(first, intervals, settings.front_window_s)
        if not ratio >= settings.min_eigenvalue_ratio:
            found = f"eigenvalue ratio {ratio:.2g}" if np.isfinite(ratio) else "too little field, or none that varies"
            reason = f"no clear normal at the front: {found}"
    normal = np.asarray(normal, float) * (-1 if normal[0] < 0 else 1)
    front = {"front_normal": ("component", normal), "front_eigenvalue_ratio": ((), ratio)}
    if reason:
        return _no_lag(reason), front
    return _lag(separation @ normal / (flow @ normal), "no position or no velocity during the ejecta"), front


def _front_normal(first, intervals, width_s):
    """Minimum variance direction (GSE) of the field around the start of the ejecta, and its eigenvalue ratio."""
    rows = of(intervals, _name(first)).query("interval == 'ejecta'")
    if rows.empty or rows["start"].isna().all():
        return np.full(3, np.nan), np.nan
    centre, half = rows["start"].min().to_datetime64(), np.timedelta64(round(width_s * 5e8), "ns")
    time = first["time"].values
    b = first["b"].values[(time >= centre - half) & (time < centre + half)]
    if np.isfinite(b).all(axis=1).sum() < 5:
        return np.full(3, np.nan), np.nan
    found = minimum_variance_analysis(b)
    return found.axes[2], float(eigenvalue_ratios(found.eigenvalue)[1])


def _two_anchor(first, second, intervals):
    """Lag at the middle of the ejecta and stretch b of t2 = a + b t1, from front and rear at both spacecraft."""
    ends = [_given_ejecta(intervals, _name(ds)) for ds in (first, second)]
    if any(end is None for end in ends):
        return _no_lag("the second spacecraft's own boundaries are not given"), np.nan
    (start_1, end_1), (start_2, end_2) = ends
    lag_s = ((start_2 - start_1) + (end_2 - end_1)).total_seconds() / 2
    return _lag(lag_s, ""), (end_2 - start_2) / (end_1 - start_1)


def _given_ejecta(intervals, spacecraft):
    rows = of(intervals, spacecraft)
    rows = rows[(rows["interval"] == "ejecta") & (rows["origin"] == "given")]
    if rows.empty or rows[["start", "end"]].isna().any(axis=None):
        return None
    return rows["start"].iloc[0], rows["end"].iloc[0]


def _separation(first, second, window):
    """Where the second is, seen from the first and from the Sun: mean positions over the ejecta, its middle time."""
    names = ("distance_km", "distance_re", "distance_au", "angle_deg", "longitude_deg", "latitude_deg", "radial_km")
    mean_1, mean_2 = (_mean(ds["position"].values[window]) for ds in (first, second))
    vector = {"separation_km": (("interval", "component"), [mean_2 - mean_1])}
    if not np.isfinite(mean_2 - mean_1).all():
        return vector | {name: ("interval", [np.nan]) for name in names}
    middle = first["time"].values[window][[window.sum() // 2]]
    found = separation(mean_1[None], mean_2[None], middle)
    return vector | {name: ("interval", getattr(found, name)) for name in names}


def _method_table(first, second, window, found, stretch, step):
    columns = {name: [found[method][name] for method in METHODS] for name in ("lag_s", "half_width_s", "reason")}
    r = [_r_at(first, second, window, found[m]["lag_s"], step, stretch if m == "two_anchor" else 1.0) for m in METHODS]
    dims = ("interval", "method")
    return {
        "method_lag_s": (dims, [columns["lag_s"]]),
        "method_half_width_s": (dims, [columns["half_width_s"]]),
        "method_r": (dims, [r]),
        "method_reason": (dims, [columns["reason"]]),
    }


def _r_at(first, second, window, lag_s, step, stretch=1.0):
    """Vector correlation of first(t) with second(c + lag + stretch (t - c)), c the window's centre, nearest bins."""
    index = np.flatnonzero(window)
    if not np.isfinite(lag_s) or not index.size:
        return np.nan
    centre = (index[0] + index[-1]) / 2
    at = np.rint(centre + lag_s / step + stretch * (index - centre)).astype(int)
    inside = (at >= 0) & (at < window.size)
    x, y = first["b"].values[index[inside]], second["b"].values[at[inside]]
    return float(bootstrap.vector_correlation_from_means(vector_moments(x, y).mean(axis=0))) if inside.any() else np.nan


def vector_moments(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(time, component, 6) contributions of two (time, component) series; zeros where any component is missing."""
    both = np.isfinite(x).all(axis=1, keepdims=True) & np.isfinite(y).all(axis=1, keepdims=True)
    x, y = np.where(both, x, np.nan), np.where(both, y, np.nan)
    return np.stack([bootstrap.pair_moments(x[:, k], y[:, k]) for k in range(x.shape[1])], axis=1)


def _local(first, second, window, lag_s, step, settings):
    """Lag along the event: in a window around every sample, the best of the lags near the one lag."""
    nothing = np.full(int(window.sum()), np.nan)
    if not np.isfinite(lag_s):
        return {"local_lag_s": ("time", nothing), "local_r": ("time", nothing)}
    reach = max(1, round(settings.local_search_s / step))
    offsets = np.arange(-reach, reach + 1)
    length = odd_length(settings.local_window_s, step)
    index = np.flatnonzero(window)
    part = slice(max(0, index[0] - length // 2), index[-1] + length // 2 + 1)
    x = first["b"].values[part]
    r = np.empty((offsets.size, x.shape[0]))
    for k, offset in enumerate(offsets):
        y = lagged.shifted(second["b"].values, round(lag_s / step) + offset)[part]
        sums = centred_sums(vector_moments(x, y).reshape(len(x), -1).T, length).T.reshape(-1, 3, 6)
        r[k] = np.where(
            sums[:, 0, 0] >= settings.min_overlap * length, bootstrap.vector_correlation_from_means(sums), np.nan
        )
    r = r[:, index - part.start]
    peaks = np.array([lagged.highest_peak(column) for column in r.T])
    has = peaks >= 0
    local = np.where(has, lag_s + offsets[peaks] * step, np.nan)
    return {"local_lag_s": ("time", local), "local_r": ("time", np.where(has, r[peaks, np.arange(index.size)], np.nan))}
