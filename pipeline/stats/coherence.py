"""How much of the waves two spacecraft share at each period, whatever their phase, and which phase they have.

Coefficients W (channel, period, time) come from physics.wavelet at one common rate. The cross spectrum is W_x W_y*: its
angle is positive where y lags x. Channels are pooled: sum over them before anything is divided.
"""

from collections.abc import Sequence

import numpy as np

OCTAVES = 0.6  # width of the smoothing over periods, the decorrelation length of the Morlet wavelet (T&C table 2)


def local_coherence(
    w_x: np.ndarray, w_y: np.ndarray, ok: np.ndarray, scale_steps: np.ndarray, voices: int
) -> tuple[np.ndarray, np.ndarray]:
    """Coherence |<W_x W_y*>|^2 / (<|W_x|^2> <|W_y|^2>) in [0, 1] and phase of <W_x W_y*> (rad), both (period, time).

    < > is a Gaussian of the wavelet's own width in time and a boxcar of 0.6 octave over periods, over the coefficients
    that are `ok` (period, time). scale_steps: (period,) wavelet scales in steps of the time axis; voices: periods to
    the octave. Torrence & Webster (1999), J. Climate 12, 2679; Grinsted et al. (2004), Nonlin. Proc. Geophys. 11, 561.
    """
    weight = np.where(ok, 1 / scale_steps[:, None], 0.0)
    cross = _smooth(np.sum(w_x * np.conj(w_y), axis=0) * weight, scale_steps, voices)
    power_x, power_y = (_smooth(_power(w) * weight, scale_steps, voices) for w in (w_x, w_y))
    product = np.where(ok, power_x * power_y, np.nan)
    positive = np.where(product > 0, product, np.nan)
    return np.clip(np.abs(cross) ** 2 / positive, 0, 1), np.where(ok, np.angle(cross), np.nan)


def _power(w):
    return np.sum(w.real**2 + w.imag**2, axis=0)


def _smooth(spectrum, scale_steps, voices):
    """Weights need no norm: they cancel in the ratio, also where coefficients are missing."""
    from scipy.fft import fft, fftfreq, ifft, irfft, next_fast_len, rfft, rfftfreq

    is_real = np.isrealobj(spectrum)
    n = spectrum.shape[1]
    size = next_fast_len(n + int(4 * scale_steps.max()), real=True)
    forward, back, frequencies = (rfft, irfft, rfftfreq) if is_real else (fft, ifft, fftfreq)
    response = np.exp(-0.5 * (scale_steps[:, None] * 2 * np.pi * frequencies(size)) ** 2)
    smooth = back(forward(spectrum, size, axis=1) * response, size, axis=1)[:, :n]
    kernel = _boxcar(OCTAVES * voices)
    reach = len(kernel) // 2
    padded = np.pad(smooth, ((reach, reach), (0, 0)))
    return sum(k * padded[i : i + len(smooth)] for i, k in enumerate(kernel))


def _boxcar(width):
    """Weights of a boxcar of `width` points, with fractional ends, of odd length."""
    whole = int((width - 1) // 2)
    end = (width - 1) / 2 - whole
    inner = np.ones(2 * whole + 1)
    return np.concatenate(([end], inner, [end])) if end > 1e-9 else inner


def region_spectra(w_x: np.ndarray, w_y: np.ndarray, ok: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums over time of W_x W_y*, |W_x|^2, |W_y|^2 where `ok` (period, time): each (..., channel, period).

    w_x, w_y: (..., channel, period, time).
    """
    inside = ok.astype(float)
    return np.vecdot(w_y, w_x * inside), *(np.vecdot(w.real**2 + w.imag**2, inside) for w in (w_x, w_y))


def extent(ok: np.ndarray) -> slice:
    """The stretch of time that holds all coefficients which are `ok` (period, time); empty without any."""
    used = np.flatnonzero(ok.any(axis=0))
    return slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 0)


def coherency(spectra: Sequence[np.ndarray], axis: int | tuple[int, ...]) -> np.ndarray:
    """gamma = sum cross / sqrt(sum power_x sum power_y), complex, |gamma| <= 1, sums over `axis` of region_spectra.

    |gamma| is the share of variance that two series x = s + e, y = s + e' have in common.
    """
    cross, power_x, power_y = (np.sum(part, axis=axis) for part in spectra)
    product = power_x * power_y
    return np.where(product > 0, cross / np.sqrt(np.where(product > 0, product, 1.0)), np.nan)


def coherency_interval(gamma: float, modes: float, z: float = 1.96) -> np.ndarray:
    """(2,): bounds of |gamma| found from `modes` independent complex modes: artanh|gamma| +- z / sqrt(2 modes - 2).

    Enochson & Goodman (1965); within [0, 1]. All of [0, 1] for hardly more than one mode.
    """
    if not np.isfinite(gamma) or not modes > 1.5:
        return np.array([0.0, 1.0])
    spread = z / np.sqrt(2 * modes - 2)
    return np.tanh(np.maximum(np.arctanh(min(gamma, 0.999999)) + np.array([-spread, spread]), 0.0))


def without_floor(gamma: float, floor: float) -> float:
    """|gamma| without what chance alone reaches: sqrt((gamma^2 - floor^2) / (1 - floor^2)), 0 below the floor."""
    return float(np.sqrt(max(gamma**2 - floor**2, 0.0) / (1 - floor**2))) if floor < 1 else np.nan


def rayleigh(phase: np.ndarray, independent: float) -> tuple[float, float]:
    """Mean resultant length of angles (rad) in [0, 1], and p of no preferred direction for so many independent ones.

    p = exp(-n R^2), the large-sample form of Rayleigh's test.
    """
    phase = phase[np.isfinite(phase)]
    if not phase.size:
        return np.nan, np.nan
    length = float(np.abs(np.mean(np.exp(1j * phase))))
    return length, float(np.exp(-independent * length**2))
