"""What is true about a draw: boundaries, lag, and what its noise-free fluctuations came to."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline import provenance
from pipeline.constants import ALFVEN_FACTOR, ALPHA_MASS
from pipeline.simulate.settings import Settings

if TYPE_CHECKING:
    from pipeline.simulate.event import Realisation


def of(settings: Settings, series: dict, edges: dict[str, float]) -> dict:
    """Plain values. `series`: the true series by spacecraft; `edges`: boundaries at the reference, s from the start.

    `map`: t2 = a_s + b t1, both in s from the start. `realised` is over the Alfvénic interval of each spacecraft.
    """
    reference, *others = settings.spacecraft
    out = {
        "event": settings.event,
        "start": settings.start.isoformat(),
        "boundaries": {name: boundaries(settings, edges, name == reference) for name in series},
        "nominal": settings.waves.model_dump(mode="json"),
        "realised": {name: _realised(settings, series, name, edges) for name in series},
        "settings": settings.model_dump(mode="json"),
    }
    if others:
        chosen = settings.second
        out |= {"lag_s": chosen.lag_s, "stretch": chosen.stretch}
        out["map"] = {"a_s": settings.own_time_s(0.0, is_first=False), "b": chosen.stretch}
        out["wave_correlation"] = _wave_correlation(settings, series, edges)
    return out


def boundaries(settings: Settings, edges: dict[str, float], is_first: bool) -> dict[str, str]:
    """Boundaries of one spacecraft as UTC times."""
    start = np.datetime64(settings.start, "ms")
    at = {name: settings.own_time_s(seconds, is_first) for name, seconds in edges.items()}
    return {name: str(start + np.timedelta64(round(seconds * 1e3), "ms")) for name, seconds in at.items()}


def _inside(settings, edges, is_first):
    """Boolean (time): the Alfvénic interval, half-open, on the fine grid of one spacecraft."""
    if "alfvenic_start" not in edges:
        return np.zeros(settings.time_s.size, bool)
    tau = settings.event_time_s(settings.time_s, is_first)
    return (tau >= edges["alfvenic_start"]) & (tau < edges["alfvenic_end"])


def _realised(settings, series, name, edges):
    """sigma_c, sigma_r, r_a and dB/B of the noise-free fluctuations about their means over the Alfvénic interval."""
    ds, inside = series[name], _inside(settings, edges, name == settings.spacecraft[0])
    dv, db = (ds[x].values[inside] for x in ("dv", "db"))
    if not dv.any() and not db.any():
        return {"sigma_c": None, "sigma_r": None, "r_a": None, "db_over_b": 0.0}
    dv, db = dv - dv.mean(axis=0), db - db.mean(axis=0)
    kinetic, magnetic, cross = (float(np.mean(np.sum(x * y, axis=1))) for x, y in ((dv, dv), (db, db), (dv, db)))
    per_nt = ALFVEN_FACTOR / np.sqrt(ds["n"].values * (1 + ALPHA_MASS * ds["alpha_ratio"].values))
    speed = (np.linalg.norm(ds["b0"].values, axis=1) * per_nt)[inside].mean()
    return {
        "sigma_c": 2 * cross / (kinetic + magnetic),
        "sigma_r": (kinetic - magnetic) / (kinetic + magnetic),
        "r_a": kinetic / magnetic if magnetic else None,
        "db_over_b": float(np.sqrt(magnetic) / speed),
    }


def _wave_correlation(settings, series, edges):
    """Correlation of db at the two spacecraft, all components, at corresponding moments of the Alfvénic interval."""
    inside = _inside(settings, edges, is_first=False)
    tau = settings.event_time_s(settings.time_s, is_first=False)[inside]
    first, second = (series[name]["db"].values for name in settings.spacecraft)
    x = np.stack([np.interp(tau, settings.time_s, column) for column in first.T], axis=1)
    y = second[inside]
    size = np.sqrt(np.sum(x**2) * np.sum(y**2))
    return float(np.sum(x * y) / size) if size else None


def write_truth(realisation: "Realisation", path: str | Path) -> None:
    """What is true about the event, as JSON."""
    provenance.write_json(realisation.truth, path)


def event_rows(settings: Settings) -> list[dict[str, str]]:
    """Rows of an event table: the reference with its times, the other to be carried over."""
    times = boundaries(settings, settings.boundaries_s, is_first=True)
    given = {key: times.get(key, "")[:19] for key in ("sheath_start", "ejecta_start", "ejecta_end")}
    rows = [{"event": settings.event, "spacecraft": settings.spacecraft[0], **given, "note": "virtual event"}]
    for name in settings.spacecraft[1:]:
        row = {"event": settings.event, "spacecraft": name} | dict.fromkeys(given, "")
        rows.append(row | {"note": "boundaries carried by the measured lag"})
    return rows
