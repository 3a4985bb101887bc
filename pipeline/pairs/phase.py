"""Do both spacecraft see the same waves, and at the same phase? Verdicts with the numbers behind.

Waves shared at another phase lower the correlation as other waves do; coherence tells them apart. Around the one lag
the waves may have a delay of their own, because they move through the plasma along the field: coherency is taken at the
delay that makes it largest, and its null goes through the same search.
"""

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.aligned import Pair, common_grid
from pipeline.config import Frozen
from pipeline.fluctuations import alfven_units
from pipeline.intervals import mask
from pipeline.pairs.coherence import Transformed
from pipeline.physics import wavelet
from pipeline.physics.minvar import eigenvalue_ratios, minimum_variance_analysis
from pipeline.physics.smoothing import band_pass
from pipeline.stats import coherence as kernel
from pipeline.stats import surrogates

SAME_PHASE, OTHER_PHASE = "same waves, same phase", "same waves, different phase"
OTHER_WAVES, UNKNOWN = "different waves", "cannot tell"
VECTOR = [0, 1, 2]
BATCH = 25


class Settings(Frozen):
    """The phase hypothesis."""

    band_s: tuple[float, float] = Field((600.0, 3600.0), description="shortest and longest period of the Alfvénic band")
    voices: int = Field(8, ge=4, le=32, description="periods per octave")
    delay_s: float = Field(1800.0, ge=0, description="delays of the waves sought this far around the lag")
    surrogates: int = Field(200, ge=40, description="phase-randomised seconds for the null")
    same: float = Field(
        0.5, gt=0, lt=1, description="shared share of variance that separates same from different waves"
    )
    in_phase_deg: float = Field(30.0, gt=0, lt=90, description="phase difference up to which waves are in phase")
    min_eigenvalue_ratio: float = Field(2.0, ge=1, description="below it the waves have no clear direction")
    min_coverage: float = Field(0.5, gt=0, le=1, description="a region masked more than this has no value")


ATTRIBUTES = {
    "verdict": ("", "same waves or not, and phase", ""),
    "because": ("", "the numbers behind the verdict, in words", ""),
    "coherency": ("1", "largest |coherency| of the band's three components within the delays", "|γ|"),
    "coherency_p": ("1", "chance of this or more if unrelated, delays searched", "p"),
    "shared": ("1", "share of the band's variance that both have, chance taken off", "shared"),
    "shared_ci": ("1", "95 % interval of shared", "shared"),
    "modes": ("1", "independent modes of band and region", "modes"),
    "delay_s": ("s", "delay of largest coherency, beyond the lag, positive: second later", "delay"),
    "phase_deg": ("degree", "phase at the lag, positive: second lags", "phase"),
    "phase_difference_deg": ("degree", "arccos of in-phase coherency over largest: what correlation loses", "phase"),
    "phase_error_deg": ("degree", "one-sigma error of a phase", "phase error"),
    "resultant": ("1", "mean resultant length of the local phases at the lag", "R"),
    "resultant_p": ("1", "Rayleigh's p of no preferred phase", "p"),
    "amplitude_ratio": ("1", "rms of the band at the second over the first", "amplitude ratio"),
    "amplitude_ratio_ci": ("1", "95 % interval of amplitude_ratio", "amplitude ratio"),
    "wave_normal": ("1", "minimum variance direction of the band (GSE)", "k"),
    "eigenvalue_ratio": ("1", "intermediate to minimum eigenvalue of the band", "ratio"),
    "predicted_delay_s": ("s", "delay beyond the lag of a plane wave with that normal, moving along B", "delay"),
    "predicted_phase_deg": ("degree", "predicted delay over the band's mean period", "phase"),
    "mean_period_s": ("s", "energy-weighted mean period of the band", "period"),
    "reason": ("", "why there is no value", ""),
}


def compute(
    first: xr.Dataset, second: xr.Dataset, intervals: pd.DataFrame, lag_s: float, settings: Settings
) -> xr.Dataset:
    """Table (interval) of the phase hypothesis; arguments as in pairs.correlation."""
    pair = Pair.of(first, second, lag_s)
    grid = Waves(pair, settings)
    plasma = _plasma(*common_grid(first, second))
    names = list(dict.fromkeys(intervals["interval"]))
    rows = [_region(grid, plasma, mask(pair.time, intervals, name), name, settings) for name in names]
    extra = {"shared_ci": "bound", "amplitude_ratio_ci": "bound", "wave_normal": "component"}
    variables = {
        key: (("interval", *([extra[key]] if key in extra else [])), np.array([row[key] for row in rows]))
        for key in (ATTRIBUTES if rows else ())
    }
    coords = {"interval": names, "bound": ["low", "high"], "component": ["x", "y", "z"]}
    ds = xr.Dataset(variables, coords)
    for name in ds.data_vars:
        units, meaning, label = ATTRIBUTES[name]
        ds[name].attrs = {"units": units, "long_name": meaning, "label": label}
    return ds.assign_attrs(band_s=settings.band_s)


class Waves:
    """Wavelet coefficients of the band at both spacecraft, and the delays to search."""

    def __init__(self, pair: Pair, settings: Settings) -> None:
        self.pair = pair
        shortest = max(settings.band_s[0], 2 * pair.step_s)
        period_s = wavelet.periods(shortest, max(settings.band_s[1], shortest), settings.voices)
        step = max(1, int(wavelet.scale(shortest) / 2 / pair.step_s))
        self.transformed = Transformed(pair, period_s, step)
        reach = int(settings.delay_s / (step * pair.step_s))
        self.delays = np.arange(-reach, reach + 1)
        self.weight = 1 / self.transformed.scale_steps

    def coherencies(self, w_y: np.ndarray, ok: np.ndarray, start: int = 0) -> np.ndarray:
        """(..., delay) of the three components: W_x(t) with W_y(t + delay).

        w_y: (..., channel, period, time), its first time is number `start` of the grid.
        """
        w_x, w_y = self.transformed.w_x[VECTOR], w_y[..., VECTOR, :, :]
        power_x, power_y = (w.real**2 + w.imag**2 for w in (w_x, w_y))
        region = kernel.extent(ok)
        out = []
        for delay in self.delays:
            first = max(region.start, start - delay)
            last = max(first, min(region.stop, start + w_y.shape[-1] - delay))
            here, there = slice(first, last), slice(first + delay - start, last + delay - start)
            other = np.clip(np.arange(first, last) + delay, 0, ok.shape[1] - 1)
            use = (ok[:, here] & self.transformed.ok[:, other]).astype(float)
            # As stats.coherence.region_spectra, without a copy of all coefficients per delay.
            cross = np.vecdot(w_y[..., there], w_x[..., here] * use)
            powers = (np.vecdot(power[..., part], use) for power, part in ((power_x, here), (power_y, there)))
            out.append(kernel.coherency([part * self.weight for part in (cross, *powers)], axis=(-2, -1)))
        return np.stack(out, axis=-1)

    def null(self, selected: np.ndarray, ok: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """(count, delay): |coherency| with the second phase-randomised around the region."""
        pair, step = self.pair, self.transformed.step
        index = np.flatnonzero(selected)
        margin = int(self.transformed.period_s[-1] / pair.step_s) + step * self.delays.max()
        start = max(0, index[0] - margin) // step * step
        part = slice(start, index[-1] + margin + 1)
        found = []
        for made in surrogates.phase_randomised_series(pair.y[part, :3], surrogates.parts(count, BATCH), rng):
            w_y = self.transformed.of(np.concatenate([wavelet.prepare(y.T)[0] for y in made], axis=1))
            found.append(np.abs(self.coherencies(w_y.reshape(len(made), 3, *w_y.shape[1:]), ok, start // step)))
        return np.concatenate(found)


def _region(grid, plasma, selected, name, settings):
    ok = grid.transformed.ok & selected[:: grid.transformed.step]
    covered = ok.sum() / max(selected[:: grid.transformed.step].sum() * len(ok), 1)
    nothing = {"shared_ci": [np.nan] * 2, "amplitude_ratio_ci": [np.nan] * 2, "wave_normal": [np.nan] * 3}
    out = {key: nothing.get(key, np.nan) for key in ATTRIBUTES} | {"verdict": UNKNOWN, "because": "", "reason": ""}
    reason = _why_not(grid.pair, selected, covered, settings)
    if reason:
        return out | {"reason": reason, "because": reason}
    gamma = grid.coherencies(grid.transformed.w_y, ok)
    null = grid.null(selected, ok, settings.surrogates, grid.pair.rng("phase", name))
    if not np.isfinite(gamma).all():
        reason = "a field without variance"
        return out | {"reason": reason, "because": reason}
    out |= _shared(grid, gamma, null)
    out |= _amplitudes(grid, ok, out["modes"], out["shared"])
    out |= _local_phases(grid, ok)
    out |= _prediction(grid, plasma, selected, out["mean_period_s"], settings)
    verdict, because = _verdict(out, settings)
    return out | {"verdict": verdict, "because": because}


def _why_not(pair, selected, covered, settings):
    if not np.isfinite(pair.lag_s):
        return "no lag"
    if not selected.any():
        return "the interval has no times on the grid"
    if selected.sum() * pair.step_s < settings.band_s[1]:
        return "shorter than the band's longest period"
    return f"{covered:.0%} are usable, less than {settings.min_coverage:.0%}" if covered < settings.min_coverage else ""


def _shared(grid, gamma, null):
    best = int(np.argmax(np.abs(gamma)))
    zero = len(grid.delays) // 2
    largest, searched = abs(gamma[best]), null.max(axis=1)
    modes = 1 / np.mean(null[:, zero] ** 2)
    shared = kernel.without_floor(largest, np.sqrt(np.mean(searched**2)))
    error = np.degrees(np.sqrt(max(0.0, 1 - shared**2) / (2 * modes)) / shared) if shared > 0 else np.inf
    return {
        "coherency": largest,
        "coherency_p": surrogates.p_value(np.sum(searched >= largest), searched.size),
        "shared": shared,
        "shared_ci": kernel.coherency_interval(shared, modes),
        "modes": modes,
        "delay_s": grid.delays[best] * grid.transformed.step * grid.pair.step_s,
        "phase_deg": np.degrees(np.angle(gamma[zero])),
        "phase_difference_deg": np.degrees(np.arccos(np.clip(gamma[zero].real / largest, -1, 1))),
        "phase_error_deg": min(error, 104.0),  # 104 degrees: the scatter of a uniform phase
    }


def _amplitudes(grid, ok, modes, shared):
    """Ratio of the band's rms with its interval, and the band's mean period."""
    spectra = kernel.region_spectra(grid.transformed.w_x[VECTOR], grid.transformed.w_y[VECTOR], ok)
    power_x, power_y = (np.sum(part * grid.weight, axis=0) for part in spectra[1:])
    ratio = np.sqrt(power_y.sum() / power_x.sum()) if power_x.sum() > 0 else np.nan
    spread = 1.96 * np.sqrt(max(0.0, 1 - shared**2) / (2 * modes))  # rounding: shared 1 + 1e-16
    both = power_x + power_y
    return {
        "amplitude_ratio": ratio,
        "amplitude_ratio_ci": ratio * np.exp([-spread, spread]),
        "mean_period_s": np.sum(both * grid.transformed.period_s) / both.sum() if both.sum() > 0 else np.nan,
    }


def _local_phases(grid, ok):
    """Rayleigh's test of phases at places that are apart by the wavelet's width in time and in period."""
    transformed = grid.transformed
    cross = np.sum(transformed.w_x[VECTOR] * np.conj(transformed.w_y[VECTOR]), axis=0)
    apart = max(1, round(0.6 * len(ok) / max(np.log2(transformed.period_s[-1] / transformed.period_s[0]), 0.6)))
    phases = []
    for p in range(0, len(ok), apart):
        every = max(1, round(2.5 * transformed.scale_steps[p]))  # e-folding of the wavelet's autocorrelation is 2 s
        here = ok[p, ::every]
        phases.append(np.angle(cross[p, ::every])[here])
    phases = np.concatenate(phases)
    length, p_value = kernel.rayleigh(phases, phases.size)
    return {"resultant": length, "resultant_p": p_value}


def _plasma(first, second):
    """Fields that the prediction needs, (time, component): velocity, Alfvén velocity, and both positions."""
    v, b, _ = alfven_units(first)
    return {"v": v, "b": b, "from": first["position"].values, "to": second["position"].values}


def _prediction(grid, plasma, selected, mean_period_s, settings):
    """Delay of a plane wave: (dr . k) / ((V - sign(h) v_A) . k) less the lag, h = <dv . db> of the band.

    dv = +db moves against B. k is the minimum variance direction of the band at the first spacecraft.
    """
    pair = grid.pair
    band = band_pass(pair.x[:, :3], *settings.band_s, pair.step_s)[selected]
    found = minimum_variance_analysis(band)
    ratio, normal = eigenvalue_ratios(found.eigenvalue)[1], found.axes[2]
    out = {"wave_normal": normal, "eigenvalue_ratio": ratio}
    if not ratio >= settings.min_eigenvalue_ratio:
        return out
    dv, db = (band_pass(plasma[name], *settings.band_s, pair.step_s)[selected] for name in ("v", "b"))
    h = np.nanmean(np.sum(dv * db, axis=1)) if np.isfinite(dv + db).all(axis=1).any() else np.nan
    mean = {name: _mean(values[selected]) for name, values in plasma.items()}
    speed = (mean["v"] - np.sign(h) * mean["b"]) @ normal
    delay = (mean["to"] - mean["from"]) @ normal / speed - pair.lag_s if abs(speed) > 0 else np.nan
    return out | {"predicted_delay_s": delay, "predicted_phase_deg": 360 * delay / mean_period_s}


def _mean(values):
    complete = values[np.isfinite(values).all(axis=1)]
    return complete.mean(axis=0) if len(complete) else np.full(values.shape[1], np.nan)


def _verdict(found, settings):
    """Same waves where the interval of the shared share lies above the border, different where below, else unknown."""
    low, high = found["shared_ci"]
    share = f"both have {found['shared']:.2f} ({low:.2f} to {high:.2f}) of the band's variance in common"
    if high <= settings.same:
        return OTHER_WAVES, f"{share}, less than {settings.same:g} at any delay"
    if low < settings.same or found["coherency_p"] > 0.05:
        return UNKNOWN, f"{share}, on both sides of {settings.same:g}, from {found['modes']:.0f} independent modes"
    angle, error = found["phase_difference_deg"], found["phase_error_deg"]
    phase = f"the phase difference is {angle:.0f} degrees (error {error:.0f})"
    if angle <= settings.in_phase_deg:
        return SAME_PHASE, f"{share}; {phase}"
    if angle - 2 * error > 0:
        return OTHER_PHASE, f"{share}; {phase}"
    return UNKNOWN, f"{share}; {phase}"
