"""Series that could have been: the spectrum of the data, or the data themselves, without the timing."""

from collections.abc import Iterable, Iterator

import numpy as np


def p_value(reached: int | np.ndarray, count: int | np.ndarray) -> float | np.ndarray:
    """(1 + reached) / (1 + count): chance of a value that `reached` of `count` surrogates come up to; never zero.

    The data themselves are one of the series that could have been. Davison & Hinkley (1997), chapter 4.
    """
    return (1 + reached) / (1 + count)


def at_floor(p: float, count: float) -> bool:
    """Is p the least that `count` surrogates can give, none of them having come up to the value?"""
    return p * (count + 1) < 1.001


def phase_randomised(
    x: np.ndarray, count: int, rng: np.random.Generator, keep_cross_spectra: bool = True
) -> np.ndarray:
    """(count, *x.shape): surrogates with the amplitude spectrum of x (time,) or (time, component) and random phases.

    With `keep_cross_spectra` all components of one surrogate get the same phase increments, which keeps their
    correlations and phase relations at every frequency; without, each its own. Gaps are bridged for the spectrum and
    put back into the surrogates. Mean and variance are those of x bridged. Ebisuzaki (1997), J. Climate 10, 2147.
    """
    x = np.asarray(x, float)
    made = next(phase_randomised_series(x.reshape(len(x), -1), [count], rng, keep_cross_spectra))
    return np.swapaxes(made, 1, 2).reshape(count, *x.shape)


def parts(count: int, at_once: int) -> list[int]:
    """`count` surrogates in parts of `at_once`, the last with what remains: more would not fit the memory or cache."""
    return [min(at_once, count - done) for done in range(0, count, at_once)]


def phase_randomised_series(
    x: np.ndarray, counts: Iterable[int], rng: np.random.Generator, keep_cross_spectra: bool = True
) -> Iterator[np.ndarray]:
    """The same of x (time, component) in parts of `counts` surrogates, each (count, component, time)."""
    n, gap = len(x), ~np.isfinite(x.T)
    spectrum = np.fft.rfft(bridge(x).T)
    own = 1 if keep_cross_spectra else x.shape[1]
    for count in counts:
        phases = np.exp(2j * np.pi * rng.random((count, spectrum.shape[1], own)))
        phases[:, 0] = 1
        if n % 2 == 0:
            phases[:, -1] = np.sign(phases[:, -1].real)  # the Nyquist term is real; a random sign is all it can take
        out = np.fft.irfft(spectrum * np.swapaxes(phases, 1, 2), n)
        out[:, gap] = np.nan
        yield out


def circular_shifts(x: np.ndarray, count: int, rng: np.random.Generator, least: int = 1) -> np.ndarray:
    """(count, *x.shape): x moved along time by random whole steps and wrapped, by at least `least` steps either way."""
    x = np.asarray(x, float)
    n = x.shape[0]
    if not 1 <= least <= n // 2:
        raise ValueError(f"circular_shifts: least shift {least} does not fit a series of {n} samples")
    shifts = rng.integers(least, n - least + 1, count)
    return np.stack([np.roll(x, shift, axis=0) for shift in shifts])


def bridge(columns: np.ndarray) -> np.ndarray:
    """Copy of (time, k) with missing samples interpolated linearly, ends held; a column without data becomes zeros."""
    filled = np.zeros(columns.shape)
    index = np.arange(columns.shape[0])
    for k, column in enumerate(columns.T):
        valid = np.isfinite(column)
        if valid.any():
            filled[:, k] = np.interp(index, index[valid], column[valid])
    return filled
