"""Alfvén units, energies, and the ratios that measure Alfvénicity.

Sign convention of the whole package: z_plus = v + b, z_minus = v - b, so sigma_c > 0 where v and b are correlated,
that is, where waves travel against the local field. Which one is outward is decided in `rectification`.

The three energies e_v = <dv^2>/2, e_b = <db^2>/2 and h = <dv.db> (twice the cross helicity; all km2 s-2) carry
everything. They are averaged first, over a window, a band or an interval; the ratios below are taken last (a mean of
point-wise ratios is biased towards +-1).
"""

import numpy as np
from numpy.typing import ArrayLike

from pipeline.constants import ALFVEN_FACTOR, ALPHA_MASS


def mass_density(n: ArrayLike, alpha_ratio: ArrayLike = 0.0) -> np.ndarray:
    """rho = n_p (1 + 4 n_a/n_p): mass density in proton masses per cm3.

    n: proton density (cm-3), any shape; alpha_ratio: alpha to proton number density ratio, same shape or scalar.
    Electrons are left out (5e-4).
    """
    return np.asarray(n) * (1.0 + ALPHA_MASS * np.asarray(alpha_ratio))


def alfven_velocity(b: ArrayLike, rho: ArrayLike) -> np.ndarray:
    """b / sqrt(mu_0 rho): magnetic field in velocity units (km s-1).

    b: field (nT), (time,) or (time, component); rho: mass density (proton masses per cm3), (time,) or scalar.
    NaN where rho is not positive.
    """
    b, rho = np.asarray(b, dtype=float), np.asarray(rho, dtype=float)
    speed_per_nt = ALFVEN_FACTOR / np.sqrt(np.where(rho > 0, rho, np.nan))
    return b * (speed_per_nt[..., None] if speed_per_nt.ndim and b.ndim > speed_per_nt.ndim else speed_per_nt)


def energies(dv: ArrayLike, db: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """|dv|^2/2, |db|^2/2 and dv.db of every sample (km2 s-2), all three NaN unless every component of both is there.

    dv, db: (..., component) fluctuations in km s-1. Returns e_v, e_b, h of shape (...).
    """
    dv, db = np.asarray(dv, dtype=float), np.asarray(db, dtype=float)
    e_v = 0.5 * np.einsum("...i,...i->...", dv, dv)
    e_b = 0.5 * np.einsum("...i,...i->...", db, db)
    h = np.einsum("...i,...i->...", dv, db)  # NaN as soon as one component of either is
    missing = np.isnan(h)
    return np.where(missing, np.nan, e_v), np.where(missing, np.nan, e_b), h


def sigma_c(e_v: ArrayLike, e_b: ArrayLike, h: ArrayLike) -> np.ndarray:
    """sigma_c = (e_plus - e_minus) / (e_plus + e_minus) = <dv.db> / (e_v + e_b), in [-1, 1]. NaN without energy.

    e_plus, e_minus = <|z_plus|^2>/2, <|z_minus|^2>/2 = e_v + e_b +- h: the energies of the Elsasser variables.
    """
    return _ratio(h, np.add(e_v, e_b))


def sigma_r(e_v: ArrayLike, e_b: ArrayLike) -> np.ndarray:
    """sigma_r = (e_v - e_b) / (e_v + e_b), in [-1, 1]. NaN without energy."""
    return _ratio(np.subtract(e_v, e_b), np.add(e_v, e_b))


def alfven_ratio(e_v: ArrayLike, e_b: ArrayLike) -> np.ndarray:
    """r_a = e_v / e_b = (1 + sigma_r) / (1 - sigma_r). NaN without magnetic energy."""
    return _ratio(e_v, e_b)


def correlation(e_v: ArrayLike, e_b: ArrayLike, h: ArrayLike) -> np.ndarray:
    """<dv.db> / sqrt(<dv^2> <db^2>) = sigma_c / sqrt(1 - sigma_r^2): vector correlation of v and b, in [-1, 1]."""
    return _ratio(h, 2.0 * np.sqrt(np.multiply(e_v, e_b)))


def walen_slope(e_b: ArrayLike, h: ArrayLike) -> np.ndarray:
    """<dv.db> / <db^2> = sigma_c / (1 - sigma_r): least-squares slope of v on b, the components pooled.

    Every component is taken about its own mean, so the slope does not depend on the frame of v.
    """
    return _ratio(h, 2.0 * np.asarray(e_b))


def walen_slope_orthogonal(e_v: ArrayLike, e_b: ArrayLike, h: ArrayLike) -> np.ndarray:
    """Slope of the line that minimises the orthogonal distances: v and b are in error alike.

    tan(phi) with tan(2 phi) = 2 <dv.db> / (<db^2> - <dv^2>), phi in (-90, 90] degrees: the sign is that of <dv.db>.
    NaN where v and b are uncorrelated.
    """
    h, difference = np.asarray(h, dtype=float), 2.0 * np.subtract(e_v, e_b)
    return _ratio(difference + np.hypot(difference, 2.0 * h), 2.0 * h)


def _ratio(numerator, denominator):
    numerator, denominator = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    out = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out[()]
