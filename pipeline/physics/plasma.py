"""Pressures and temperatures of the proton plasma."""

import numpy as np
from numpy.typing import ArrayLike

from pipeline.constants import BETA_FACTOR


def plasma_beta(n: ArrayLike, temperature: ArrayLike, b_mag: ArrayLike) -> np.ndarray:
    """beta = n k T / (B^2 / 2 mu_0): proton plasma beta. n (cm-3), temperature (K), b_mag (nT), equal shapes."""
    b_mag = np.asarray(b_mag, dtype=float)
    return BETA_FACTOR * np.asarray(n) * np.asarray(temperature) / np.where(b_mag > 0, b_mag, np.nan) ** 2


def anisotropy_factor(beta_parallel: ArrayLike, beta_perpendicular: ArrayLike) -> np.ndarray:
    """xi = 1 + (beta_perp - beta_par)/2: Alfvén waves travel at v_A sqrt(xi) in a plasma of unequal pressures.

    Written out: xi = 1 + mu_0 (p_perp - p_par) / B^2 (Chen et al. 2013, arXiv:1304.7818, without the drift term).
    NaN where it is not positive: the plasma is then firehose unstable and carries no Alfvén wave.
    """
    xi = 1.0 + 0.5 * (np.asarray(beta_perpendicular) - np.asarray(beta_parallel))
    return np.where(xi > 0, xi, np.nan)


def expected_temperature(speed: ArrayLike) -> np.ndarray:
    """Proton temperature (K) usual for solar wind of this speed (km s-1); ejecta are colder, below about half of it.

    T = (0.031 V - 5.1)^2 for V < 500, 0.51 V - 142 above, in 10^3 K (Lopez 1987; Richardson & Cane 1995).
    """
    speed = np.asarray(speed, dtype=float)
    return 1e3 * np.where(speed < 500.0, (0.031 * speed - 5.1) ** 2, 0.51 * speed - 142.0)
