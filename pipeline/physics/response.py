"""What the instruments leave of a wave: boxcar averaging, clock offsets, noise; and the periods that survive them.

A pure Alfvén wave (sigma_c = 1, sigma_r = 0) of frequency f, its velocity averaged over T_v and its field over T_b,
the two tagged `offset` apart, is recorded with amplitudes sinc(f T_v), sinc(f T_b) and a phase 2 pi f offset between.
"""

import numpy as np
from numpy.typing import ArrayLike


def boxcar_response(frequency_hz: ArrayLike, accumulation_s: float) -> np.ndarray:
    """sin(pi f T) / (pi f T): amplitude that an average over T leaves of a wave, in (-0.22, 1]."""
    return np.sinc(np.asarray(frequency_hz, float) * accumulation_s)


def recorded_energies(
    frequency_hz: ArrayLike, accumulation_v_s: float, accumulation_b_s: float, offset_s: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """e_v, e_b, h of a pure wave with 2 e_v = 2 e_b = h = 1 as it is recorded; broadcast over frequency (Hz).

    accumulation_v_s, accumulation_b_s: lengths of the averages (s); offset_s: time tag of v minus that of b (s).
    """
    r_v, r_b = boxcar_response(frequency_hz, accumulation_v_s), boxcar_response(frequency_hz, accumulation_b_s)
    phase = 2 * np.pi * np.asarray(frequency_hz, float) * offset_s
    return 0.5 * r_v**2, 0.5 * r_b**2, r_v * r_b * np.cos(phase)


def recorded_sigma(
    frequency_hz: ArrayLike, accumulation_v_s: float, accumulation_b_s: float, offset_s: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """sigma_c, sigma_r that a pure Alfvén wave (1, 0) is recorded with; arguments as in `recorded_energies`."""
    e_v, e_b, h = recorded_energies(frequency_hz, accumulation_v_s, accumulation_b_s, offset_s)
    return h / (e_v + e_b), (e_v - e_b) / (e_v + e_b)


def usable_band(
    accumulation_v_s: float, accumulation_b_s: float, offset_s: float = 0.0, tolerance: float = 0.05
) -> tuple[float, float]:
    """Shortest and longest period (s) at which both |sigma_c - 1| and |sigma_r| of a pure wave stay within tolerance.

    The shortest is never below two of the longer accumulation (the Nyquist period of back-to-back averages); the
    longest is infinite: responses only harm short periods.
    """
    floor = 2.0 * max(accumulation_v_s, accumulation_b_s)
    reach = max(accumulation_v_s, accumulation_b_s, abs(offset_s))
    period = np.geomspace(floor, max(floor, 200.0 * reach), 4000)
    sigma_c, sigma_r = recorded_sigma(1.0 / period, accumulation_v_s, accumulation_b_s, offset_s)
    wrong = (np.abs(sigma_c - 1.0) > tolerance) | (np.abs(sigma_r) > tolerance)
    last_wrong = np.flatnonzero(wrong)
    return (float(period[min(last_wrong[-1] + 1, period.size - 1)]) if last_wrong.size else floor), np.inf


def resampled_band(
    cadence_s: float, accumulation_v_s: float, accumulation_b_s: float, matched: bool, tolerance: float = 0.05
) -> tuple[float, float]:
    """Usable periods (s) of v and b after both were averaged into the same bins of `cadence_s`.

    The bins act on v and b alike. What remains is the difference of the accumulations, and nothing but the Nyquist
    period where b is `matched`: averaged over the accumulations of v.
    """
    floor = 2.0 * max(cadence_s, accumulation_v_s)
    if matched:
        return floor, np.inf
    shortest, longest = usable_band(accumulation_v_s, accumulation_b_s, 0.0, tolerance)
    return max(floor, shortest), longest


def white_noise_energy(sigma: ArrayLike) -> np.ndarray:
    """sum_i sigma_i^2 / 2: energy that uncorrelated errors add to |W|^2 / 2 at every period, in the T&C normalisation.

    sigma: (..., component) one-sigma errors of single samples (km s-1), NaN ignored when all are not.
    """
    variance = np.asarray(sigma, float) ** 2
    return 0.5 * np.sum(variance, axis=-1)


def noise_floor(energy: ArrayLike, period_s: ArrayLike, longest_s: float) -> float:
    """Lowest mean energy among the periods up to longest_s: an upper limit of a white floor (km2 s-2).

    energy: (period,) mean of |W|^2 / 2. White noise is flat in this normalisation while a red signal falls towards
    short periods, so that the minimum is the floor as soon as the signal has sunk below it, and above it before.
    NaN without such a period.
    """
    short = np.asarray(energy, float)[np.asarray(period_s) <= longest_s]
    short = short[np.isfinite(short)]
    return float(short.min()) if short.size else np.nan


def noise_corrected(
    e_v: ArrayLike, e_b: ArrayLike, h: ArrayLike, noise_v: ArrayLike = 0.0, noise_b: ArrayLike = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """e_v - N_v, e_b - N_b, h: energies without what uncorrelated noise has added (km2 s-2).

    Noise of v and of b is uncorrelated, so that h is untouched. NaN where nothing is left of e_v or e_b. An estimate of
    noise that is a little too large would break h^2 <= 4 e_v e_b: h is then cut to it.
    """
    e_v, e_b = np.subtract(e_v, noise_v), np.subtract(e_b, noise_b)
    left = (e_v > 0) & (e_b > 0)
    e_v, e_b = np.where(left, e_v, np.nan), np.where(left, e_b, np.nan)
    bound = 2.0 * np.sqrt(e_v * e_b)
    return e_v, e_b, np.clip(h, -bound, bound)
