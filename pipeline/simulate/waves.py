"""Random fluctuations with chosen spectrum, cross helicity and residual energy."""

import numpy as np


def red_noise(
    rng: np.random.Generator, size: int, step_s: float, periods_s: tuple[float, float], slope: float = 5 / 3
) -> np.ndarray:
    """(time, component): three independent Gaussian series, power f^-slope between the two periods, unit variance.

    Unit variance is that of the ensemble; a realisation scatters about it. Periodic over the record. Raises ValueError
    where the record holds no frequency between the two periods.
    """
    f = np.fft.rfftfreq(size, step_s)
    inside = np.flatnonzero((f >= 1 / periods_s[1]) & (f <= 1 / periods_s[0]) & (f > 0))
    if not inside.size:
        raise ValueError(f"no period between {periods_s[0]:g} and {periods_s[1]:g} s fits into {size * step_s:g} s")
    amplitude = f[inside] ** (-slope / 2)
    parts = rng.normal(size=(2, 3, inside.size))
    spectrum = np.zeros((3, f.size), complex)
    spectrum[:, inside] = (parts[0] + 1j * parts[1]) * amplitude * size / (2 * np.sqrt(np.sum(amplitude**2)))
    return np.fft.irfft(spectrum, size).T


def delayed(noise: np.ndarray, step_s: float, shift_s: float, phase_deg: float = 0.0) -> np.ndarray:
    """`noise` (time, component) later by `shift_s`, and every period of it by `phase_deg`; periodic over the record.

    cos(w t) becomes cos(w (t - shift) - phase).
    """
    f = np.fft.rfftfreq(len(noise), step_s)[:, None]
    turned = np.fft.rfft(noise, axis=0) * np.exp(-1j * (2 * np.pi * f * shift_s + np.radians(phase_deg)))
    return np.fft.irfft(turned, len(noise), axis=0)


def alfvenic(first: np.ndarray, second: np.ndarray, sigma_c: float, sigma_r: float) -> tuple[np.ndarray, np.ndarray]:
    """dv, db (time, component) from two uncorrelated noises of equal variance; <db^2> is a third of <first^2>.

    z_plus = a first, z_minus = c (rho first + sqrt(1 - rho^2) second) with a^2, c^2 = 1 +- sigma_c have energies in the
    ratio of the wanted sigma_c; 2 <z_plus.z_minus> / (<z_plus^2> + <z_minus^2>) = rho sqrt(1 - sigma_c^2) = sigma_r.
    """
    balance = np.sqrt(1 - sigma_c**2)
    rho = np.clip(sigma_r / balance, -1, 1) if balance > 0 else 0.0
    z_plus = np.sqrt(1 + sigma_c) * first
    z_minus = np.sqrt(1 - sigma_c) * (rho * first + np.sqrt(1 - rho**2) * second)
    rms = np.sqrt(3 * (1 - sigma_r) / 2) if sigma_r < 1 else np.sqrt(3)  # <(z_plus - z_minus)^2> / 4 over <first^2> / 3
    return (z_plus + z_minus) / (2 * rms), (z_plus - z_minus) / (2 * rms)


def across(noise: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The part of an isotropic `noise` (time, component) across `b` (time, component), with the whole's variance."""
    direction = b / np.linalg.norm(b, axis=1, keepdims=True)
    along = np.sum(noise * direction, axis=1, keepdims=True)
    return np.sqrt(3 / 2) * (noise - along * direction)


def orthonormal(first: np.ndarray, second: np.ndarray, inside: np.ndarray, variance: float) -> tuple:
    """Both (time, component) made uncorrelated over `inside` (time), each with <|x - <x>|^2> = `variance` there."""

    def product(x, y):
        x, y = x[inside], y[inside]
        return np.mean(np.sum((x - x.mean(axis=0)) * (y - y.mean(axis=0)), axis=1))

    second = second - first * product(first, second) / product(first, first)
    return tuple(x * np.sqrt(variance / product(x, x)) for x in (first, second))


def circular(phase: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(time, component) turning across the constant `b` (component) with `phase` (time, rad); |x|^2 = 3."""
    one = np.cross(b, [0.0, 0.0, 1.0] if abs(b[2]) < 0.9 * np.linalg.norm(b) else [1.0, 0.0, 0.0])
    one /= np.linalg.norm(one)
    other = np.cross(b, one) / np.linalg.norm(b)
    return np.sqrt(3) * (np.outer(np.cos(phase), one) + np.outer(np.sin(phase), other))


def taper(time: np.ndarray, start: float, end: float, edge: float) -> np.ndarray:
    """1 inside [start, end], 0 outside, with cosine edges of width `edge` centred on both."""
    if edge <= 0:
        return ((time >= start) & (time < end)).astype(float)
    inward = np.minimum(time - start, end - time)
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(inward / edge + 0.5, 0, 1))
