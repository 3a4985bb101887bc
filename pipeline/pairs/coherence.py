"""Wavelet coherence and phase of two spacecraft in time and period, at the one lag, and pooled over regions.

Coherence does not mind a phase difference, correlation does: waves that both see at different phases have r near zero
and high coherence. Phase is positive where the second lags behind the one lag.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from pipeline.aligned import COLUMNS, QUANTITIES, Pair
from pipeline.config import Frozen
from pipeline.intervals import mask
from pipeline.physics import wavelet
from pipeline.stats import coherence as kernel
from pipeline.stats import surrogates
from pipeline.stats.agreement import ROUNDING, varies

BATCH = 10  # surrogates at a time: more are slower, as their coefficients then lie in fresh memory each time
# Octaves (s) whose pooled coherency is in the table, whatever the cadence; every period is in the file, by region.
OCTAVES_S = tuple((300.0 * 2**k, 600.0 * 2**k) for k in range(5))
INEXACT = 1e-6  # of the largest coefficient of a period: what thinning the transform may leave where there is nothing
MAPS = 4  # surrogates for the threshold of the map: each holds hundreds of independent places


class Settings(Frozen):
    """Wavelet coherence."""

    band_s: tuple[float, float] = Field((600.0, 3600.0), description="shortest and longest period of the Alfvénic band")
    shortest_s: float | None = Field(None, gt=0, description="shortest period of the map; default four cadences")
    longest_s: float = Field(14400.0, gt=0, description="longest period of the map")
    voices: int = Field(8, ge=4, le=32, description="periods per octave")
    grid_s: float = Field(300.0, gt=0, description="step of the maps in time, at most half of the shortest scale")
    surrogates: int = Field(100, ge=20, description="phase-randomised seconds for significance")
    level: float = Field(0.95, gt=0, lt=1, description="level of significance and intervals")
    min_coverage: float = Field(0.5, gt=0, le=1, description="a region masked more than this has no value")


ATTRIBUTES = {
    "coherence": ("1", "squared wavelet coherence, smoothed", "coherence"),
    "phase": ("degree", "phase of the cross spectrum, positive: second lags", "phase"),
    "threshold": ("1", "coherence that unrelated fields of the same spectra exceed by chance", "threshold"),
    "map_reason": ("", "why coherence and phase have no value anywhere", ""),
    "coherency_octave": ("1", "|coherency| of an octave of periods over the region, chance not taken off", "|γ|"),
    "phase_octave": ("degree", "phase of the octave's coherency, positive: second lags", "phase"),
    "coherency_spectrum": ("1", "|coherency| pooled over the region, per period", "|γ|"),
    "phase_spectrum": ("degree", "phase of the pooled coherency, per period", "phase"),
    "coherency": ("1", "|coherency| of the band over the region: share of common variance, any phase", "|γ|"),
    "coherency_ci": ("1", "interval of coherency", "|γ|"),
    "coherency_null": ("1", "rms |coherency| of unrelated fields of the same spectra", "|γ|"),
    "coherency_p": ("1", "chance of this coherency or more if unrelated", "p"),
    "phase_band": ("degree", "phase of the band's coherency, positive: second lags", "phase"),
    "phase_error": ("degree", "one-sigma error of phase_band", "phase error"),
    "significant_fraction": ("1", "share of region and band above the threshold", "share"),
    "modes": ("1", "independent modes of band and region", "modes"),
    "coverage": ("1", "share of region and band that is not masked", "coverage"),
    "reason": ("", "why there is no value", ""),
}


def compute(
    first: xr.Dataset, second: xr.Dataset, intervals: pd.DataFrame, lag_s: float, settings: Settings
) -> xr.Dataset:
    """Maps (time, period, quantity) and a table (interval, quantity) of first(t) with second(t + lag).

    Arguments as in pairs.correlation. Cone of influence and gaps are missing. Periods follow Torrence & Compo.
    """
    pair = Pair.of(first, second, lag_s)
    period_s, step = _grid(pair, settings)
    transformed = Transformed(pair, period_s, step)
    threshold = _thresholds(pair, transformed, settings)
    maps = {q: transformed.local(q, settings.voices) for q in QUANTITIES}
    coherence = np.stack([maps[q][0].T for q in QUANTITIES], axis=-1)
    phase = np.degrees(np.stack([maps[q][1].T for q in QUANTITIES], axis=-1))
    dims = ("time", "period", "quantity")
    variables = {"coherence": (dims, coherence.astype(np.float32)), "phase": (dims, phase.astype(np.float32))}
    variables["threshold"] = "quantity", threshold
    variables["map_reason"] = (
        "quantity",
        [_why_no_map(pair, transformed, values) for values in np.rollaxis(coherence, 2)],
    )
    names = list(dict.fromkeys(intervals["interval"]))
    tables = [
        _region(pair, transformed, mask(pair.time, intervals, n), n, coherence, threshold, settings) for n in names
    ]
    extra = {"coherency_ci": "bound", "coherency_octave": "octave", "phase_octave": "octave"}
    extra |= {"coherency_spectrum": "period", "phase_spectrum": "period"}
    for key in tables[0] if tables else ():
        # `region` has the names of `interval`; of its own, it keeps whole spectra out of the table.
        which = "region" if key.endswith("_spectrum") else "interval"
        dims = (which, "quantity", *([extra[key]] if key in extra else []))
        variables[key] = dims, np.array([table[key] for table in tables])
    coords = {"time": pair.time[::step], "interval": names, "quantity": list(QUANTITIES), "bound": ["low", "high"]}
    coords |= {"region": names, "octave": [f"{low / 60:g}_to_{high / 60:g}_min" for low, high in OCTAVES_S]}
    attrs = {"units": "s", "long_name": "Fourier period, 1.0330 times the scale", "label": "period"}
    ds = xr.Dataset(variables, coords | {"period": ("period", period_s, attrs)})
    for name in ds.data_vars:
        units, meaning, label = ATTRIBUTES[name]
        ds[name].attrs = {"units": units, "long_name": meaning, "label": label}
    return ds.assign_attrs(band_s=settings.band_s, grid_s=step * pair.step_s)


def _grid(pair, settings):
    """Periods (s), and the step of the maps in samples: fine enough for the shortest wavelet's own smoothing."""
    shortest = max(settings.shortest_s or 0.0, 4 * pair.step_s)
    longest = max(settings.longest_s, 2 * shortest)
    finest = wavelet.scale(min(shortest, settings.band_s[0])) / 2
    return wavelet.periods(shortest, longest, settings.voices), max(1, int(min(settings.grid_s, finest) / pair.step_s))


class Transformed:
    """Wavelet coefficients (4 channels, period, time) of both fields at every `step`-th sample, and where they hold."""

    def __init__(self, pair: Pair, period_s: np.ndarray, step: int) -> None:
        together = np.column_stack([pair.x, pair.y])
        filled, missing = wavelet.prepare(together)
        self.step_s, self.step, self.period_s = pair.step_s, step, period_s
        x, y = self._band(filled[:, :4]), self._band(filled[:, 4:])
        self.w_x, self.w_y = x.w, y.w
        (self.ok,) = wavelet.usable(missing, pair.step_s, (x,))
        self.scale_steps = wavelet.scale(period_s) / (step * pair.step_s)
        self.rounding_x, self.rounding_y = (_rounding(field) for field in (pair.x, pair.y))

    def of(self, filled: np.ndarray) -> np.ndarray:
        """Coefficients (channel, period, time) of (time, channel)."""
        return self._band(filled).w

    def _band(self, filled):
        (band,) = wavelet.transform(filled, self.step_s, self.period_s, step=self.step)
        return band

    def local(self, quantity: str, voices: int, w_y: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Coherence and phase (period, time) of one quantity."""
        columns = COLUMNS[quantity]
        w_x, w_y = self.w_x[columns], (self.w_y if w_y is None else w_y)[columns]
        ok = self.ok
        for w, rounding in ((w_x, self.rounding_x), (w_y, self.rounding_y)):
            size = np.abs(w)
            least = np.maximum(rounding[columns, None, None], INEXACT * size.max(axis=-1, keepdims=True))
            ok = ok & (size > least).any(axis=0)
        return kernel.local_coherence(w_x, w_y, ok, self.scale_steps, voices)

    def within(self, band_s: tuple[float, float]) -> np.ndarray:
        """Boolean (period): inside the band."""
        return (self.period_s >= band_s[0] * (1 - 1e-9)) & (self.period_s <= band_s[1] * (1 + 1e-9))


def _rounding(field):
    """(channel,): coefficients up to which a field (time, channel) has no variance but what its digits leave."""
    return ROUNDING * np.nan_to_num(np.nanmax(np.abs(field), axis=0, initial=0.0))


def _why_no_map(pair, transformed, coherence):
    """Why a map (time, period) is empty; nothing if it is not."""
    if np.isfinite(coherence).any():
        return ""
    if not np.isfinite(pair.lag_s):
        return "no lag"
    return "a field without variance" if transformed.ok.any() else "gaps and the cone of influence leave nothing"


def _thresholds(pair, transformed, settings):
    """(quantity,): level of the local coherence of surrogates of the whole record, over all periods.

    The smoothing follows the wavelet's width, so that chance coherence is the same at every period and for every colour
    of the noise; it depends on how many components are pooled.
    """
    if not transformed.ok.any():
        return np.full(len(QUANTITIES), np.nan)
    made = surrogates.phase_randomised(pair.y, MAPS, pair.rng("coherence", "threshold"))
    w_y = [transformed.of(wavelet.prepare(y)[0]) for y in made]
    maps = [[transformed.local(q, settings.voices, w)[0] for w in w_y] for q in QUANTITIES]
    return np.array([_quantile(np.array(values), settings.level) for values in maps])


def _quantile(values, level):
    known = values[np.isfinite(values)]
    return np.quantile(known, level) if known.size else np.nan


def _region(pair, transformed, selected, name, coherence, threshold, settings):
    """Arrays (quantity, ...) of one region."""
    inside = selected[:: transformed.step]
    band = transformed.within(settings.band_s)
    ok = transformed.ok & inside
    covered = ok[band].sum() / max(inside.sum() * band.sum(), 1)
    reason = _why_not(pair, selected, band, covered, settings)
    if reason:
        return _nothing(len(transformed.period_s), covered, reason)
    spectra = kernel.region_spectra(transformed.w_x, transformed.w_y, ok)
    null = null_coherencies(pair, transformed, selected, band, settings.surrogates, pair.rng("coherence", name))
    duration_s = selected.sum() * pair.step_s
    rows = [
        _pooled(transformed, spectra, q, band, null[:, k]) | _octaves(transformed, spectra, q, duration_s)
        for k, q in enumerate(QUANTITIES)
    ]
    rows = [_known(row, pair, selected, q) for row, q in zip(rows, QUANTITIES, strict=True)]
    out = {key: [row[key] for row in rows] for key in rows[0]}
    there = inside[:, None, None] & np.isfinite(coherence) & band[None, :, None]
    above = (coherence > threshold) & there
    out["significant_fraction"] = above.sum(axis=(0, 1)) / np.maximum(there.sum(axis=(0, 1)), 1)
    reasons = ["" if np.isfinite(row["coherency"]) else "a field without variance" for row in rows]
    return out | {"coverage": [covered] * len(QUANTITIES), "reason": reasons}


def _known(row, pair, selected, quantity):
    """The row, without its numbers where a field is constant but for rounding."""
    fields = (a[selected][:, COLUMNS[quantity]] for a in (pair.x, pair.y))
    return row if all(map(varies, fields)) else {key: np.full(np.shape(value), np.nan) for key, value in row.items()}


def _why_not(pair, selected, band, covered, settings):
    if not np.isfinite(pair.lag_s):
        return "no lag"
    if not selected.any():
        return "the interval has no times on the grid"
    if not band.any():
        return "no period of the map lies in the band"
    if selected.sum() * pair.step_s < settings.band_s[1]:
        return "shorter than the band's longest period"
    return f"{covered:.0%} are usable, less than {settings.min_coverage:.0%}" if covered < settings.min_coverage else ""


def _nothing(periods, covered, reason):
    n = len(QUANTITIES)
    names = ("coherency", "coherency_null", "coherency_p", "phase_band", "phase_error", "significant_fraction", "modes")
    out = {name: np.full(n, np.nan) for name in names} | {"coherency_ci": np.full((n, 2), np.nan)}
    out |= {name: np.full((n, periods), np.nan) for name in ("coherency_spectrum", "phase_spectrum")}
    out |= {name: np.full((n, len(OCTAVES_S)), np.nan) for name in ("coherency_octave", "phase_octave")}
    return out | {"coverage": [covered] * n, "reason": [reason] * n}


def band_coherency(
    transformed: Transformed, spectra: Sequence[np.ndarray], quantity: str, band: np.ndarray
) -> np.ndarray:
    """Complex coherency (...) of one quantity over the band's periods; energies count per octave, as in variance."""
    weight = 1 / transformed.scale_steps[band]
    return kernel.coherency([part[..., COLUMNS[quantity], :][..., band] * weight for part in spectra], axis=(-2, -1))


def _pooled(transformed, spectra, quantity, band, null):
    gamma = complex(band_coherency(transformed, spectra, quantity, band))
    each = kernel.coherency([part[COLUMNS[quantity]] for part in spectra], axis=0)
    floor = np.sqrt(np.mean(null**2))
    modes = 1 / floor**2
    share = kernel.without_floor(abs(gamma), floor)
    # rounding may give a share of 1 + 1e-16
    error = np.sqrt(max(0.0, 1 - share**2) / (2 * modes)) / share if share > 0 else np.inf
    return {
        "coherency": abs(gamma),
        "coherency_ci": kernel.coherency_interval(share, modes),
        "coherency_null": floor,
        "coherency_p": surrogates.p_value(np.sum(null >= abs(gamma)), null.size),
        "phase_band": np.degrees(np.angle(gamma)),
        "phase_error": min(np.degrees(error), 104.0),  # 104 degrees: the scatter of a uniform phase
        "modes": modes,
        "coherency_spectrum": np.abs(each),
        "phase_spectrum": np.degrees(np.angle(each)),
    }


def _octaves(transformed, spectra, quantity, duration_s):
    """|coherency| and phase per octave; missing where the map does not span it or the region is shorter."""
    gamma = np.full(len(OCTAVES_S), np.nan + 0j)
    for k, octave in enumerate(OCTAVES_S):
        inside = transformed.within(octave)
        if transformed.period_s[0] <= octave[0] and octave[1] <= min(transformed.period_s[-1], duration_s):
            gamma[k] = band_coherency(transformed, spectra, quantity, inside)
    return {"coherency_octave": np.abs(gamma), "phase_octave": np.degrees(np.angle(gamma))}


def null_coherencies(
    pair: Pair, transformed: Transformed, selected: np.ndarray, band: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """(count, quantity): |gamma| of the band over the region with phase-randomised seconds.

    Only the region and a longest period around it are randomised: over the whole record the waves of a short interval
    would be spread out, and a burst has less freedom than a stationary record.
    """
    index, step = np.flatnonzero(selected), transformed.step
    margin = int(transformed.period_s[band][-1] / pair.step_s)
    start = max(0, index[0] - margin) // step * step
    part = slice(start, index[-1] + margin + 1)
    weight = 1 / transformed.scale_steps[band]
    ok = transformed.ok[band] & selected[::step]
    here = kernel.extent(ok)
    there = slice(here.start - start // step, here.stop - start // step)
    ok, w_x = ok[:, here], transformed.w_x[:, band, here]
    out = []
    for made in surrogates.phase_randomised_series(pair.y[part], surrogates.parts(count, BATCH), rng):
        filled = np.concatenate([wavelet.prepare(y.T)[0] for y in made], axis=1)
        (waves,) = wavelet.transform(filled, pair.step_s, transformed.period_s[band], step=step)
        w_y = waves.w.reshape(len(made), 4, *waves.w.shape[1:])[..., there]
        spectra = [s * weight for s in kernel.region_spectra(w_x, w_y, ok)]
        each = [kernel.coherency([s[..., COLUMNS[q], :] for s in spectra], axis=(-2, -1)) for q in QUANTITIES]
        out.append(np.abs(np.stack(each, axis=1)))
    return np.concatenate(out)
