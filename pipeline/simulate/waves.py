"""Random fluctuations with chosen spectrum, cross helicity and residual energy."""

import numpy as np


def red_noise(rng, size: int, step_s: float, periods_s: tuple[float, float], slope: float = 5 / 3) -> np.ndarray:
    """(time, component): three independent Gaussian series, power f^-slope between the two periods, unit variance.

    Unit variance is that of the ensemble; a realisation scatters about it. Periodic over the record.
    """
    f = np.fft.rfftfreq(size, step_s)
    amplitude = np.zeros_like(f)
    inside = (f >= 1 / periods_s[1]) & (f <= 1 / periods_s[0])
    amplitude[inside] = f[inside] ** (-slope / 2)
    phases = rng.normal(size=(3, f.size)) + 1j * rng.normal(size=(3, f.size))
    power = 2 * np.sum(amplitude**2)  # of the two parts of each phase, at both signs of the frequency
    scale = size / np.sqrt(2 * power) if power > 0 else 0.0
    return (np.fft.irfft(phases * amplitude, size) * scale).T


def alfvenic(first: np.ndarray, second: np.ndarray, sigma_c: float, sigma_r: float) -> tuple[np.ndarray, np.ndarray]:
    """dv, db (time, component) in units of the rms of db, from two independent noises of unit variance.

    z_plus = a first, z_minus = c (rho first + sqrt(1 - rho^2) second) with a^2, c^2 = 1 +- sigma_c have energies in the
    ratio of the wanted sigma_c, and 2 <z_plus.z_minus> / (<z_plus^2> + <z_minus^2>) = rho sqrt(1 - sigma_c^2) = sigma_r.
    """
    balance = np.sqrt(1 - sigma_c**2)
    rho = np.clip(sigma_r / balance, -1, 1) if balance > 0 else 0.0
    z_plus = np.sqrt(1 + sigma_c) * first
    z_minus = np.sqrt(1 - sigma_c) * (rho * first + np.sqrt(1 - rho**2) * second)
    rms = np.sqrt(3 * (1 - sigma_r) / 2) if sigma_r < 1 else 1.0  # <db^2> = 3 (1 - sigma_r) / 2
    return (z_plus + z_minus) / (2 * rms), (z_plus - z_minus) / (2 * rms)


def taper(time: np.ndarray, start: float, end: float, edge: float) -> np.ndarray:
    """1 inside [start, end], 0 outside, with cosine edges of width `edge` centred on both."""
    if edge <= 0:
        return ((time >= start) & (time < end)).astype(float)
    inward = np.minimum(time - start, end - time)
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(inward / edge + 0.5, 0, 1))
