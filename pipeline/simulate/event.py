"""The true fields along each spacecraft's path: a large-scale structure, and the fluctuations on it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from pipeline.constants import ALFVEN_FACTOR, ALPHA_MASS
from pipeline.schema import COMPONENTS
from pipeline.simulate import rope, truth, waves
from pipeline.simulate.settings import Settings
from pipeline.stats.seeds import generator

FIRST_POSITION_KM = np.array([1.45e6, 1.5e5, -5e4])
DRIFT_KM_S = np.array([0.05, -0.1, 0.02])
BOUNDARY_S = 180.0  # thickness of the ejecta's boundaries
SHEATH_DIRECTION = np.array([-0.3, 0.85, 0.43])
WIND_DIRECTION = np.array([-0.7, 0.7, 0.14])
UNIFORM_DIRECTION = np.array([-0.8, 0.6, 0.0])
WAVES = ("z_plus", "z_minus")
TURBULENCE = ("v", "b", "n")


@dataclass(frozen=True)
class Realisation:
    """One draw: per spacecraft the true series on the fine grid, and the truth about them.

    `series[spacecraft]`: b (nT), v (km s-1), n (cm-3), temperature (K), alpha_ratio, position (km, GSE) on `time`; the
    large-scale field alone b0 (nT); the Alfvénic fluctuations alone, free of turbulence and noise: dv, db (km s-1).
    """

    settings: Settings
    series: dict[str, xr.Dataset]
    truth: dict


@dataclass(frozen=True)
class Structure:
    """What carries the fluctuations: b (time, component) in nT, the rest (time,).

    `turbulence`: its rms over the field strength. `waves`: amplitude of the waves over the chosen one, 0 to 1.
    """

    b: np.ndarray
    speed: np.ndarray
    n: np.ndarray
    temperature: np.ndarray
    alpha_ratio: np.ndarray
    turbulence: np.ndarray
    waves: np.ndarray
    inside: np.ndarray  # the ejecta, 0 to 1


def realise(settings: Settings) -> Realisation:
    """Draw an event. The same settings give the same draw; what one block chooses leaves the noises of others alone."""
    return compose(settings, draw(settings), icme, settings.boundaries_s)


def uniform(settings: Settings, period_s: float | None = None) -> Realisation:
    """Draw a record that is all ejecta with a constant field and all waves: the reference cases.

    Field, plasma, waves and turbulence are those chosen for the rope. With `period_s` the waves are one circularly
    polarised wave of that period (rounded so that the record holds whole periods), with sigma_c, sigma_r and dB/B
    exact, the same at both spacecraft but for the chosen shift and phase.
    """
    noises = draw(settings)
    if period_s is not None:
        for name in settings.spacecraft:
            noises[name] |= monochromatic(settings, period_s, name == settings.spacecraft[0])
        settings = settings.model_copy(
            update={"waves": settings.waves.model_copy(update={"perpendicular": False, "exact": False})}
        )
    edges = {"ejecta_start": 0.0, "ejecta_end": settings.duration_s}
    edges |= {"alfvenic_start": 0.0, "alfvenic_end": settings.duration_s}
    return compose(settings, noises, constant, edges)


def draw(settings: Settings) -> dict[str, dict[str, np.ndarray]]:
    """Unit noises (time, component) by spacecraft and name, on the reference's time of the event."""
    reference = settings.spacecraft[0]
    noises = {reference: _own_noises(settings, reference)}
    for name in settings.spacecraft[1:]:
        noises[name] = _mixed(settings, noises[reference], _own_noises(settings, name))
    return noises


def _own_noises(settings, spacecraft):
    step = settings.sampling_s
    periods = dict.fromkeys(WAVES, settings.waves.periods_s)
    periods |= dict.fromkeys(TURBULENCE, (4 * step, settings.turbulence.longest_period_s))
    if spacecraft != settings.spacecraft[0] and settings.second.misfit_nt:
        periods["misfit"] = settings.second.misfit_periods_s
    size = settings.time_s.size
    return {
        name: waves.red_noise(generator(settings.event, "simulate", settings.seed, spacecraft, name), size, step, band)
        for name, band in periods.items()
    }


def _mixed(settings, first, own):
    """What the second spacecraft shares with the first, plus its own: x2 = r x1 + sqrt(1 - r^2) x, correlation r."""
    chosen = settings.waves
    shared = first | {
        name: waves.delayed(first[name], settings.sampling_s, chosen.shift_s, chosen.phase_deg) for name in WAVES
    }
    r = dict.fromkeys(WAVES, chosen.shared) | dict.fromkeys(TURBULENCE, settings.turbulence.shared)
    return own | {name: r[name] * shared[name] + np.sqrt(1 - r[name] ** 2) * own[name] for name in r}


def monochromatic(settings: Settings, period_s: float, is_first: bool) -> dict[str, np.ndarray]:
    """z_plus and z_minus (time, component) of one period, a quarter of it apart, hence uncorrelated."""
    cycles = max(1, round(settings.duration_s / period_s))
    phase = 2 * np.pi * cycles * settings.time_s / settings.duration_s
    if not is_first:
        shift = 2 * np.pi * cycles * settings.waves.shift_s / settings.duration_s
        phase = phase - shift - np.radians(settings.waves.phase_deg)
    return {name: waves.circular(phase - k * np.pi / 2, UNIFORM_DIRECTION) for k, name in enumerate(WAVES)}


def compose(settings: Settings, noises: dict, structure: Callable, edges: dict[str, float]) -> Realisation:
    """Series of every spacecraft from `noises`, on the large scale that `structure(settings, tau, is_first)` gives."""
    series = {}
    for name in settings.spacecraft:
        is_first = name == settings.spacecraft[0]
        tau = settings.event_time_s(settings.time_s, is_first)
        own = {key: _met(settings, tau, noise, is_first) for key, noise in noises[name].items()}
        during = (tau >= edges["alfvenic_start"]) & (tau < edges["alfvenic_end"]) if "alfvenic_start" in edges else None
        series[name] = _series(settings, structure(settings, tau, is_first), own, during)
        series[name] = series[name].assign(position=(("time", "component"), position(settings, is_first)))
        series[name].attrs = {"event": settings.event, "spacecraft": name}
    return Realisation(settings, series, truth.of(settings, series, edges))


def _met(settings, tau, noise, is_first):
    """A noise (time, component) of the event as this spacecraft meets it; periodic, so that no moment is without."""
    if is_first:
        return noise
    time_s, period = settings.time_s, settings.time_s.size * settings.sampling_s
    return np.stack([np.interp(tau, time_s, x, period=period) for x in noise.T], axis=1)


def _series(settings, structure, noise, during):
    """True series of one spacecraft. Fluctuations are made in Alfvén units and turned to nT with the local density."""
    spread = settings.turbulence.density
    n = structure.n * np.exp(spread * noise["n"][:, 0] - spread**2 / 2)
    per_nt = ALFVEN_FACTOR / np.sqrt(n * (1 + ALPHA_MASS * structure.alpha_ratio))
    b0 = structure.b
    if "misfit" in noise:
        b0 = b0 + settings.second.misfit_nt * structure.inside[:, None] * noise["misfit"]
    speed = np.linalg.norm(b0, axis=1) * per_nt
    dv, db = _alfvenic(settings.waves, b0, speed, structure.waves, noise, during)
    level = (structure.turbulence * speed / np.sqrt(3))[:, None]
    v = -np.outer(structure.speed, [1.0, 0.0, 0.0]) + dv + level * noise["v"]
    b = b0 + (db + level * noise["b"]) / per_nt[:, None]
    vector, scalar = ("time", "component"), ("time",)
    time = np.datetime64(settings.start, "ns") + np.round(settings.time_s * 1e9).astype("timedelta64[ns]")
    variables = {"b": b, "v": v, "n": n, "temperature": structure.temperature, "alpha_ratio": structure.alpha_ratio}
    variables |= {"b0": b0, "dv": dv, "db": db}
    return xr.Dataset(
        {name: (vector if x.ndim == 2 else scalar, x) for name, x in variables.items()},
        {"time": time, "component": list(COMPONENTS)},
    )


def _alfvenic(chosen, b0, speed, envelope, noise, during):
    """dv, db (time, component) in km s-1 of the waves; `speed` is the Alfvén speed of the large-scale field."""
    if during is None:
        return np.zeros_like(b0), np.zeros_like(b0)
    first, second = (waves.across(noise[k], b0) if chosen.perpendicular else noise[k] for k in WAVES)
    amplitude = (chosen.db_over_b * speed * envelope)[:, None]
    first, second = amplitude * first, amplitude * second
    if chosen.exact and during.any():
        variance = 3 * (chosen.db_over_b * speed[during].mean()) ** 2
        first, second = waves.orthonormal(first, second, during, variance)
    return waves.alfvenic(first, second, chosen.sigma_c, chosen.sigma_r)


def icme(settings: Settings, tau: np.ndarray, is_first: bool) -> Structure:
    """Wind, shock, sheath, rope, wind along one path; `tau` (time) is the event's time in s from the start."""
    edges, around, cloud = settings.boundaries_s, settings.surroundings, settings.rope
    inside = waves.taper(tau, edges["ejecta_start"], edges["ejecta_end"], BOUNDARY_S)
    behind_shock = (tau >= edges.get("sheath_start", np.inf)) & (tau < edges["ejecta_start"] + BOUNDARY_S)
    sheath = np.where(behind_shock, 1 - inside, 0.0)
    weights = np.stack([1 - inside - sheath, sheath, inside], axis=1)
    fraction = np.clip((tau - edges["ejecta_start"]) / (edges["ejecta_end"] - edges["ejecta_start"]), 0, 1)
    expansion = cloud.expansion_km_s * (1 - 2 * fraction)
    envelope = np.zeros_like(tau)
    if "alfvenic_start" in edges:
        envelope = waves.taper(tau, edges["alfvenic_start"], edges["alfvenic_end"], settings.waves.edge_s)

    def by_region(wind, sheath, rope):
        return weights @ np.array([wind, sheath, rope])

    return Structure(
        b=_field(settings, weights, fraction, is_first),
        speed=by_region(around.wind_speed_km_s, around.sheath_speed_km_s, cloud.speed_km_s) + inside * expansion,
        n=by_region(around.wind_n_cm3, around.sheath_n_cm3, cloud.n_cm3),
        temperature=by_region(around.wind_temperature_k, around.sheath_temperature_k, cloud.temperature_k),
        alpha_ratio=by_region(around.alpha_ratio, around.alpha_ratio, cloud.alpha_ratio),
        turbulence=by_region(settings.turbulence.wind, settings.turbulence.sheath, settings.turbulence.ejecta),
        waves=envelope,
        inside=inside,
    )


def _field(settings, weights, fraction, is_first):
    cloud, around = settings.rope, settings.surroundings
    impact = cloud.impact + (0.0 if is_first else settings.second.impact_change)
    # ASSUME: the rope is crossed evenly in time; it expands in speed, but its field does not weaken on the way.
    inside = cloud.b_nt * rope.lundquist(rope.path(fraction, cloud.axis, impact), cloud.axis, cloud.handedness)
    wind, sheath = (
        strength * vector / np.linalg.norm(vector)
        for strength, vector in ((around.wind_b_nt, WIND_DIRECTION), (around.sheath_b_nt, SHEATH_DIRECTION))
    )
    return weights[:, :1] * wind + weights[:, 1:2] * sheath + weights[:, 2:] * inside


def constant(settings: Settings, tau: np.ndarray, is_first: bool) -> Structure:
    """The rope's plasma and field strength everywhere, along one direction that leans away from the Sun."""
    one, cloud = np.ones_like(tau), settings.rope
    return Structure(
        b=cloud.b_nt * np.outer(one, UNIFORM_DIRECTION),
        speed=cloud.speed_km_s * one,
        n=cloud.n_cm3 * one,
        temperature=cloud.temperature_k * one,
        alpha_ratio=cloud.alpha_ratio * one,
        turbulence=settings.turbulence.ejecta * one,
        waves=one,
        inside=one,
    )


def position(settings: Settings, is_first: bool) -> np.ndarray:
    """Slowly drifting positions (time, component), km GSE."""
    offset = np.zeros(3)
    if not is_first:
        second = settings.second
        downstream = -second.lag_s * settings.rope.speed_km_s
        x = downstream if second.offset_x_km is None else second.offset_x_km
        offset = np.array([x, second.offset_y_km, second.offset_z_km])
    return FIRST_POSITION_KM + offset + np.outer(settings.time_s, DRIFT_KM_S)
