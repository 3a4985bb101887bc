"""The true fields along each spacecraft's path, and what is true about them."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from pipeline import provenance
from pipeline.constants import ALFVEN_FACTOR, ALPHA_MASS
from pipeline.schema import COMPONENTS
from pipeline.simulate import rope, waves
from pipeline.simulate.settings import Settings

FIRST_POSITION_KM = np.array([1.45e6, 1.5e5, -5e4])
BOUNDARY_S = 180.0  # thickness of the ejecta's boundaries
SHEATH_DIRECTION = np.array([-0.3, 0.85, 0.43])
WIND_DIRECTION = np.array([-0.7, 0.7, 0.14])


@dataclass(frozen=True)
class Realisation:
    """One draw: per spacecraft the true series on the fine grid, and the truth about them.

    `series[spacecraft]`: b (nT), v (km s-1), n (cm-3), temperature (K), alpha_ratio, position (km) on `time`, and the
    Alfvénic fluctuations alone, free of noise: `dv`, `db` (km s-1).
    """

    settings: Settings
    series: dict[str, xr.Dataset]
    truth: dict


def realise(settings: Settings) -> Realisation:
    """Draw an event. The same settings give the same draw."""
    rng = np.random.default_rng(settings.seed)
    time_s = settings.time_s
    first, second, third, noise = (_noises(rng, settings, time_s) for _ in range(4))
    series = {}
    for spacecraft in settings.spacecraft:
        is_first = spacecraft == settings.spacecraft[0]
        own = first if is_first else _mixed(first, second, settings)
        series[spacecraft] = _series(settings, spacecraft, is_first, own, third if is_first else noise)
    return Realisation(settings, series, _truth(settings, series))


def _noises(rng, settings, time_s):
    """Unit noises (time, component): two for the waves, two for the turbulence of v and of b."""
    size, step = time_s.size, settings.sampling_s
    turbulent = (4 * step, settings.turbulence.longest_period_s)
    spectra = (settings.waves.periods_s, settings.waves.periods_s, turbulent, turbulent)
    return [waves.red_noise(rng, size, step, periods) for periods in spectra]


def _mixed(first, other, settings):
    """What the second spacecraft shares with the first, plus its own; amplitudes shared and sqrt(1 - shared^2)."""
    shift = round(settings.waves.shift_s / settings.sampling_s)
    shares = [settings.waves.shared] * 2 + [settings.turbulence.shared] * 2
    seen = [np.roll(x, shift, axis=0) for x in first[:2]] + first[2:]
    return [s * x + np.sqrt(1 - s**2) * y for s, x, y in zip(shares, seen, other, strict=True)]


def event_time(settings: Settings, time_s: np.ndarray, is_first: bool) -> np.ndarray:
    """When the reference spacecraft sees what this one sees at `time_s` (s from the start)."""
    if is_first:
        return time_s
    anchor = settings.boundaries_s["ejecta_start"]
    return anchor + (time_s - anchor - settings.second.lag_s) / settings.second.stretch


def _series(settings, spacecraft, is_first, noises, replacement):
    """True series of one spacecraft."""
    time_s = settings.time_s
    tau = event_time(settings, time_s, is_first)
    edges = settings.boundaries_s
    inside = waves.taper(tau, edges["ejecta_start"], edges["ejecta_end"], BOUNDARY_S)
    behind_shock = (tau >= edges["sheath_start"]) & (tau < edges["ejecta_start"] + BOUNDARY_S)
    sheath = np.where(behind_shock, 1 - inside, 0.0)
    weights = np.stack([1 - inside - sheath, sheath, inside], axis=1)
    n, temperature, alpha, speed = _plasma(settings, weights, tau)
    b = _large_scale_field(settings, weights, tau, is_first)
    if not is_first and settings.second.decorrelation:
        b = _decorrelated(b, settings, replacement[3])
    per_nt = ALFVEN_FACTOR / np.sqrt(n * (1 + ALPHA_MASS * alpha))
    strength = np.linalg.norm(b, axis=1) * per_nt
    at_event_time = [_on(tau, time_s, x) for x in noises]
    dv, db = _alfvenic(settings, tau, strength, at_event_time)
    turbulence = settings.turbulence
    level = weights @ np.array([turbulence.wind, turbulence.sheath, turbulence.ejecta]) * strength / np.sqrt(3)
    v = np.stack([-speed, np.zeros_like(speed), np.zeros_like(speed)], axis=1) + dv + level[:, None] * at_event_time[2]
    b = b + (db + level[:, None] * at_event_time[3]) / per_nt[:, None]
    time = np.datetime64(settings.start, "ns") + np.round(time_s * 1e9).astype("timedelta64[ns]")
    vector, scalar = ("time", "component"), ("time",)
    return xr.Dataset(
        {
            "b": (vector, b),
            "v": (vector, v),
            "n": (scalar, n),
            "temperature": (scalar, temperature),
            "alpha_ratio": (scalar, alpha),
            "position": (vector, _position(settings, time_s, is_first)),
            "dv": (vector, dv),
            "db": (vector, db),
        },
        {"time": time, "component": list(COMPONENTS)},
        {"event": settings.event, "spacecraft": spacecraft},
    )


def _on(tau, time_s, noise):
    """A noise (time, component) of the event as this spacecraft meets it; periodic, so that no moment is without."""
    return np.stack([np.interp(tau, time_s, x, period=time_s[-1] + time_s[0]) for x in noise.T], axis=1)


def _plasma(settings, weights, tau):
    """n, temperature, alpha_ratio, speed (time) of wind, sheath and rope."""
    around, cloud = settings.surroundings, settings.rope
    n = weights @ np.array([around.wind_n_cm3, around.sheath_n_cm3, cloud.n_cm3])
    temperature = weights @ np.array([around.wind_temperature_k, around.sheath_temperature_k, cloud.temperature_k])
    alpha = weights @ np.array([around.alpha_ratio, around.alpha_ratio, cloud.alpha_ratio])
    expansion = cloud.expansion_km_s * (1 - 2 * _fraction(settings, tau))
    speed = weights @ np.array([around.wind_speed_km_s, around.sheath_speed_km_s, cloud.speed_km_s])
    return n, temperature, alpha, speed + weights[:, 2] * expansion


def _fraction(settings, tau):
    edges = settings.boundaries_s
    return np.clip((tau - edges["ejecta_start"]) / (edges["ejecta_end"] - edges["ejecta_start"]), 0, 1)


def _large_scale_field(settings, weights, tau, is_first):
    cloud, around = settings.rope, settings.surroundings
    impact = cloud.impact + (0.0 if is_first else settings.second.impact_change)
    direction = rope.axis(cloud.latitude_deg, cloud.longitude_deg)
    inside = cloud.b_nt * rope.lundquist(_fraction(settings, tau), direction, impact, cloud.handedness)
    wind, sheath = (
        strength * vector / np.linalg.norm(vector)
        for strength, vector in ((around.wind_b_nt, WIND_DIRECTION), (around.sheath_b_nt, SHEATH_DIRECTION))
    )
    return weights[:, :1] * wind + weights[:, 1:2] * sheath + weights[:, 2:] * inside


def _decorrelated(b, settings, noise):
    """Large-scale field of which a share is replaced by slow noise of the same variance: separation alone."""
    from scipy.ndimage import gaussian_filter1d

    share = settings.second.decorrelation
    slow = gaussian_filter1d(noise, 1800 / settings.sampling_s, axis=0)
    mean, spread = b.mean(axis=0), b.std(axis=0)
    return mean + np.sqrt(1 - share**2) * (b - mean) + share * spread * slow / slow.std(axis=0)


def _alfvenic(settings, tau, strength, noises):
    """dv, db (time, component) in km s-1 of the Alfvénic interval."""
    chosen, edges = settings.waves, settings.boundaries_s
    dv, db = waves.alfvenic(noises[0], noises[1], chosen.sigma_c, chosen.sigma_r)
    amplitude = chosen.db_over_b * strength
    amplitude = amplitude * waves.taper(tau, edges["alfvenic_start"], edges["alfvenic_end"], chosen.edge_s)
    return amplitude[:, None] * dv, amplitude[:, None] * db


def _position(settings, time_s, is_first):
    """Slowly drifting positions (time, component), km GSE; the second lies downstream by the lag's distance."""
    offset = np.zeros(3)
    if not is_first:
        distance = settings.second.lag_s * settings.rope.speed_km_s
        offset = np.array([-distance, settings.second.offset_y_km, settings.second.offset_z_km])
    drift = np.outer(time_s, [0.05, -0.1, 0.02])
    return FIRST_POSITION_KM + offset + drift


def _truth(settings, series):
    boundaries = {name: _boundaries(settings, name == settings.spacecraft[0]) for name in settings.spacecraft}
    realised = {name: _realised(ds, boundaries[name]) for name, ds in series.items()}
    return {
        "event": settings.event,
        "lag_s": settings.second.lag_s,
        "stretch": settings.second.stretch,
        "boundaries": boundaries,
        "nominal": settings.waves,
        "realised": realised,
        "settings": settings,
    }


def _boundaries(settings, is_first):
    anchor = settings.boundaries_s["ejecta_start"]
    out = {}
    for name, seconds in settings.boundaries_s.items():
        at = seconds if is_first else anchor + settings.second.lag_s + settings.second.stretch * (seconds - anchor)
        out[name] = str(np.datetime64(settings.start, "ms") + np.timedelta64(round(at * 1e3), "ms"))
    return out


def _realised(ds, boundaries):
    """sigma_c, sigma_r and amplitude of the noise-free fluctuations over the Alfvénic interval."""
    chosen = ds.sel(time=slice(boundaries["alfvenic_start"], boundaries["alfvenic_end"]))
    dv, db = chosen["dv"].values, chosen["db"].values
    if not db.any():
        return {"sigma_c": np.nan, "sigma_r": np.nan, "r_a": np.nan, "db_over_b": 0.0}
    kinetic, magnetic, cross = np.mean(dv**2), np.mean(db**2), np.mean(dv * db)
    total = kinetic + magnetic
    per_nt = ALFVEN_FACTOR / np.sqrt(chosen["n"].values * (1 + ALPHA_MASS * chosen["alpha_ratio"].values))
    strength = np.linalg.norm(chosen["b"].values, axis=1)
    return {
        "sigma_c": 2 * cross / total,
        "sigma_r": (kinetic - magnetic) / total,
        "r_a": kinetic / magnetic if magnetic else np.nan,
        "db_over_b": float(np.sqrt(np.mean((db**2).sum(axis=1) / per_nt**2)) / strength.mean()),
    }


def write_truth(realisation: Realisation, path) -> None:
    """What is true about the event, as JSON."""
    provenance.write_json(realisation.truth, path)


def event_rows(settings: Settings) -> list[dict[str, str]]:
    """Rows of an event table: the reference with its times, the others to be carried over."""
    rows = []
    for name in settings.spacecraft:
        is_first = name == settings.spacecraft[0]
        times = _boundaries(settings, True) if is_first else {}
        row = {"event": settings.event, "spacecraft": name}
        row |= {key: times.get(key, "")[:19] for key in ("sheath_start", "ejecta_start", "ejecta_end")}
        rows.append(row | {"note": "virtual event" if is_first else "boundaries carried by the measured lag"})
    return rows
