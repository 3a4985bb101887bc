"""Wavelet coherence in time and period and per region, and whether both see the same waves at one phase."""

import numpy as np
import pandas as pd

from baseline.agreement import QUANTITIES, Pair, span
from baseline.series import BAND, p_value, phase_randomised
from baseline.waves import FOURIER, MOTHER, VOICES, periods, prepared, transform, usable

SURROGATES, PHASE_SURROGATES, MAPS, DELAY_S = 100, 200, 4, 1800.0


def transforms(filled: np.ndarray, dt: float, period_s: np.ndarray, step: int = 1) -> np.ndarray:
    """(channel, period, time / step) of (time, channel) without gaps."""
    filled = filled - filled.mean(axis=0)
    return np.stack([transform(column, dt, period_s)[:, ::step] for column in filled.T])


def smooth(w: np.ndarray, dt: float, scale: np.ndarray) -> np.ndarray:
    return MOTHER.smooth(w / scale[:, None], dt, 1 / VOICES, scale)


class Waves:
    """Coefficients of both spacecraft at all periods of the map."""

    def __init__(self, pair: Pair) -> None:
        self.pair, self.dt = pair, pair.dt
        self.periods = periods(4 * pair.dt, 14400.0)
        self.scale = self.periods / FOURIER
        filled = [prepared(pd.DataFrame(field))[0].to_numpy() for field in (pair.x, pair.y)]
        self.w_x, self.w_y = (transforms(field, pair.dt, self.periods) for field in filled)
        self.ok = usable(~np.isfinite(pair.x + pair.y).all(axis=1), pair.dt, self.periods)
        self.shortest = periods(BAND[0], BAND[1])
        self.b_x, self.b_y = (transforms(field, pair.dt, self.shortest) for field in filled)
        self.b_ok = usable(~np.isfinite(pair.x + pair.y).all(axis=1), pair.dt, self.shortest)
        self.step = max(1, int(BAND[0] / FOURIER / 2 / pair.dt))

    def map(self, columns: list[int], w_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coherence and phase (period, time)."""
        w_x, w_y = self.w_x[columns], w_y[columns]
        cross = smooth((w_x * w_y.conj()).sum(axis=0), self.dt, self.scale)
        power = [smooth((abs(w) ** 2).sum(axis=0), self.dt, self.scale) for w in (w_x, w_y)]
        found = np.where(self.ok, abs(cross) ** 2 / (power[0] * power[1]), np.nan)
        return found, np.where(self.ok, np.degrees(np.angle(cross)), np.nan)


def maps(waves: Waves, rng) -> dict:
    """Coherence, phase and threshold by quantity."""
    made = phase_randomised(waves.pair.y, MAPS, rng, gaps=False)
    null = [transforms(y, waves.dt, waves.periods) for y in made]
    out = {}
    for quantity, columns in QUANTITIES.items():
        chance = np.concatenate([waves.map(columns, w)[0].ravel() for w in null])
        out[quantity] = *waves.map(columns, waves.w_y), np.nanquantile(chance, 0.95)
    return out


def coherency(w_x, w_y, ok, weight) -> np.ndarray:
    """Complex coherency (..., channel sums by quantity): sums over the periods and times that are ok."""
    use = ok * weight[:, None]
    cross = np.einsum("cpt,...cpt,pt->...c", w_x, w_y.conj(), use, optimize=True)
    power_x = np.einsum("cpt,pt->c", abs(w_x) ** 2, use)
    power_y = np.einsum("...cpt,pt->...c", abs(w_y) ** 2, use)
    sums = [[part[..., columns].sum(axis=-1) for columns in QUANTITIES.values()] for part in (cross, power_x, power_y)]
    cross, power_x, power_y = (np.stack(part, axis=-1) for part in sums)
    return cross / np.sqrt(power_x * power_y)


def around(waves: Waves, inside: np.ndarray) -> slice:
    """The region and what the longest wave and delay reach."""
    margin, part = int((BAND[1] + DELAY_S) / waves.dt), span(inside)
    return slice(max(0, part.start - margin), part.stop + margin)


def null_transforms(waves: Waves, inside: np.ndarray, rng) -> np.ndarray:
    """(surrogate, channel, period, time / step) of randomised seconds around a region, for coherence and phase."""
    made = phase_randomised(waves.pair.y[around(waves, inside)], PHASE_SURROGATES, rng, gaps=False)
    return np.stack([transforms(y, waves.dt, waves.shortest, waves.step) for y in made])


def tables(waves: Waves, regions: dict[str, np.ndarray], found: dict, rng) -> tuple[list[dict], list[dict]]:
    """Rows of coherence (region, quantity) and of the phase hypothesis (region)."""
    rows, phases = [], []
    for name, inside in regions.items():
        if inside.sum() * waves.dt < BAND[1]:
            continue
        null = null_transforms(waves, inside, rng)
        rows += regional(waves, name, inside, null[:SURROGATES], found)
        phases.append({"interval": name, **hypothesis(waves, inside, null[:, :3])})
    return rows, phases


def regional(waves: Waves, name: str, inside: np.ndarray, null: np.ndarray, found: dict) -> list[dict]:
    part = around(waves, inside)
    weight = 1 / waves.shortest
    gamma = coherency(waves.b_x, waves.b_y, waves.b_ok & inside, weight)
    ok = (waves.b_ok & inside)[:, part][:, :: waves.step]
    chance = abs(coherency(waves.b_x[..., part][..., :: waves.step], null, ok, weight))
    octaves = {}
    for low in 300.0 * 2.0 ** np.arange(5):
        chosen = (waves.periods >= low) & (waves.periods <= 2 * low)
        if 2 * low <= min(14400, inside.sum() * waves.dt) and waves.periods[0] <= low:
            w = waves.w_x[:, chosen], waves.w_y[:, chosen], waves.ok[chosen] & inside, 1 / waves.periods[chosen]
            octaves[f"{low / 60:g}_min"] = abs(coherency(*w))
    band = (waves.periods >= BAND[0] * (1 - 1e-9)) & (waves.periods <= BAND[1] * (1 + 1e-9))
    rows = []
    for k, quantity in enumerate(QUANTITIES):
        floor = np.sqrt(np.mean(chance[:, k] ** 2))
        share = without(abs(gamma[k]), floor)
        low, high = bounds(share, 1 / floor**2)
        coherence, _, threshold = found[quantity]
        row = {
            "interval": name,
            "quantity": quantity,
            "coherency": abs(gamma[k]),
            "phase": np.degrees(np.angle(gamma[k])),
        }
        row |= {"coherency_low": low, "coherency_high": high, "coherency_null": floor, "modes": 1 / floor**2}
        row["coherency_p"] = p_value((chance[:, k] >= abs(gamma[k])).sum(), len(chance))
        here = coherence[band][:, inside]
        row["significant_fraction"] = (here > threshold).sum() / max(np.isfinite(here).sum(), 1)
        rows.append(row | {key: values[k] for key, values in octaves.items()})
    return rows


def without(gamma: float, floor: float) -> float:
    return np.sqrt(max(gamma**2 - floor**2, 0) / (1 - floor**2))


def bounds(share: float, modes: float) -> np.ndarray:
    spread = 1.96 / np.sqrt(max(2 * modes - 2, 1e-3))
    return np.tanh(np.maximum(np.arctanh(min(share, 0.999999)) + np.array([-spread, spread]), 0))


def delayed(w_x, w_y, ok, delays, weight) -> np.ndarray:
    """(..., delay): coherency of the vector, W_x(t) with W_y(t + delay)."""
    power_x, power_y, w_y = abs(w_x) ** 2, abs(w_y) ** 2, w_y.conj()
    n, out = w_x.shape[-1], []
    for delay in delays:
        here = slice(max(0, -delay), n - max(0, delay))
        there = slice(max(0, delay), n - max(0, -delay))
        use = ok[:, here] * weight[:, None]
        cross = np.einsum("cpt,...cpt->...", w_x[..., here] * use, w_y[..., there])
        total = (power_x[..., here] * use).sum() * np.einsum("...cpt,pt->...", power_y[..., there], use)
        out.append(cross / np.sqrt(total))
    return np.stack(out, axis=-1)


def hypothesis(waves: Waves, inside: np.ndarray, null: np.ndarray) -> dict:
    """Share of the waves that both have at the best delay, against randomised seconds that search as well."""
    part, step = around(waves, inside), waves.step
    w_x, w_y = (w[:3, :, part][..., ::step] for w in (waves.b_x, waves.b_y))
    ok = (waves.b_ok & inside)[:, part][:, ::step]
    reach = int(DELAY_S / step / waves.dt)
    delays, weight = np.arange(-reach, reach + 1), 1 / waves.shortest
    gamma, chance = delayed(w_x, w_y, ok, delays, weight), abs(delayed(w_x, null, ok, delays, weight))
    best, modes = abs(gamma).argmax(), 1 / np.mean(chance[:, reach] ** 2)
    shared = without(abs(gamma[best]), np.sqrt(np.mean(chance.max(axis=1) ** 2)))
    low, high = bounds(shared, modes)
    error = min(np.degrees(np.sqrt(max(0, 1 - shared**2) / 2 / modes) / max(shared, 1e-9)), 104)
    angle = np.degrees(np.arccos(np.clip(gamma[reach].real / abs(gamma[best]), -1, 1)))
    p = p_value((chance.max(axis=1) >= abs(gamma[best])).sum(), len(chance))
    row = {"coherency": abs(gamma[best]), "coherency_p": p, "shared": shared, "shared_low": low, "shared_high": high}
    row |= {"delay_s": delays[best] * step * waves.dt, "phase_deg": np.degrees(np.angle(gamma[reach])), "modes": modes}
    power = [(abs(w) ** 2 * ok).sum() for w in (w_x, w_y)]
    row |= {"phase_difference_deg": angle, "phase_error_deg": error, "amplitude_ratio": np.sqrt(power[1] / power[0])}
    return row | rayleigh(w_x, w_y, ok, waves) | {"verdict": verdict(row)}


def rayleigh(w_x, w_y, ok, waves: Waves) -> dict:
    """Mean resultant length of local phases that are a wavelet's width apart."""
    cross, phases = (w_x * w_y.conj()).sum(axis=0), []
    for p in range(0, len(cross), round(0.6 * VOICES)):
        every = max(1, round(2.5 * waves.shortest[p] / FOURIER / waves.step / waves.dt))
        phases.append(np.angle(cross[p, ::every])[ok[p, ::every]])
    phases = np.concatenate(phases)
    length = abs(np.mean(np.exp(1j * phases))) if phases.size else np.nan
    return {"resultant": length, "resultant_p": np.exp(-phases.size * length**2)}


def verdict(row: dict) -> str:
    if row["shared_high"] <= 0.5:
        return "different waves"
    if row["shared_low"] < 0.5 or row["coherency_p"] > 0.05:
        return "cannot tell"
    if row["phase_difference_deg"] <= 30:
        return "same waves, same phase"
    sure = row["phase_difference_deg"] > 2 * row["phase_error_deg"]
    return "same waves, different phase" if sure else "cannot tell"
