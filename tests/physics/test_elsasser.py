"""Formulas of Alfvénicity against SI physics, algebraic identities and SolarWindPy's plasma."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.physics import elsasser

EPS = np.finfo(float).eps
# Squares of less than 1e-100 would come near the smallest numbers, which have few digits.
numbers = st.floats(-1e6, 1e6).map(lambda x: x if abs(x) > 1e-100 else 0.0)
fields = arrays(float, (6, 3), elements=st.just(np.nan) | numbers)


def means(v, b):
    """Energies of the samples, averaged over those that have them."""
    e = np.array(elsasser.energies(v, b))
    e = e[:, np.isfinite(e).all(axis=0)]
    return e.mean(axis=1) if e.shape[1] else np.full(3, np.nan)


def test_alfven_speed_of_a_known_plasma():
    """1 nT at 1 proton per cm3 is 21.812 km/s: every textbook; 4 % alphas weigh 16 %."""
    assert elsasser.alfven_velocity(1.0, elsasser.mass_density(1.0)) == pytest.approx(21.812, abs=5e-4)
    assert elsasser.mass_density(5.0, 0.04) == pytest.approx(5.8)
    b = np.array([[3.0, 0.0, -4.0], [0.0, 1.0, 0.0]])
    assert elsasser.alfven_velocity(b, np.array([4.0, 0.0]))[0] == pytest.approx(21.812 * b[0] / 2, abs=1e-3)
    assert np.isnan(elsasser.alfven_velocity(b, np.array([4.0, 0.0]))[1]).all()  # no mass, no speed
    assert elsasser.alfven_velocity(b, 4.0).shape == (2, 3)


@given(fields, fields)
def test_the_two_sigmas_lie_in_the_circle(v, b):
    e_v, e_b, h = means(v, b)
    radius = elsasser.sigma_c(e_v, e_b, h) ** 2 + elsasser.sigma_r(e_v, e_b) ** 2
    assert np.isnan(radius) or radius <= 1 + 8 * EPS  # six roundings


@given(fields, fields)
def test_swapping_and_reversing(v, b):
    """v <-> b keeps sigma_c and flips sigma_r; b -> -b flips sigma_c and keeps sigma_r."""
    sigma_c, sigma_r = elsasser.sigma_c(*means(v, b)), elsasser.sigma_r(*means(v, b)[:2])
    assert elsasser.sigma_c(*means(b, v)) == pytest.approx(sigma_c, rel=1e-12, abs=1e-300, nan_ok=True)
    assert elsasser.sigma_r(*means(b, v)[:2]) == pytest.approx(-sigma_r, rel=1e-12, abs=1e-300, nan_ok=True)
    assert elsasser.sigma_c(*means(v, -b)) == pytest.approx(-sigma_c, rel=1e-12, abs=1e-300, nan_ok=True)
    assert elsasser.sigma_r(*means(v, -b)[:2]) == pytest.approx(sigma_r, rel=1e-12, abs=1e-300, nan_ok=True)


def test_identities_with_correlation_slope_and_elsasser_energies():
    """corr = sigma_c / sqrt(1 - sigma_r^2), slope = sigma_c / (1 - sigma_r), against numpy's own regression."""
    rng = np.random.default_rng(1)
    b = rng.normal(size=(500, 3))
    v = -0.7 * b + 0.4 * rng.normal(size=(500, 3))
    v, b = v - v.mean(axis=0), b - b.mean(axis=0)
    e_v, e_b, h = means(v, b)
    sigma_c, sigma_r = elsasser.sigma_c(e_v, e_b, h), elsasser.sigma_r(e_v, e_b)
    z_plus, z_minus = v + b, v - b
    plus, minus = (np.mean(np.sum(z**2, axis=1)) / 2 for z in (z_plus, z_minus))
    assert (plus, minus) == pytest.approx((e_v + e_b + h, e_v + e_b - h), rel=1e-13)
    assert sigma_c == pytest.approx((plus - minus) / (plus + minus), rel=1e-13)
    cross = np.mean(np.sum(z_plus * z_minus, axis=1))
    assert sigma_r == pytest.approx(cross / (plus + minus), rel=1e-12)  # 2 <z+.z-> / (<z+^2> + <z-^2>)
    assert elsasser.correlation(e_v, e_b, h) == pytest.approx(np.corrcoef(v.ravel(), b.ravel())[0, 1], rel=1e-3)
    assert elsasser.correlation(e_v, e_b, h) == pytest.approx(sigma_c / np.sqrt(1 - sigma_r**2), rel=1e-13)
    assert elsasser.walen_slope(e_b, h) == pytest.approx(np.linalg.lstsq(b.reshape(-1, 1), v.ravel())[0][0], rel=1e-12)
    assert elsasser.walen_slope(e_b, h) == pytest.approx(sigma_c / (1 - sigma_r), rel=1e-13)
    assert elsasser.alfven_ratio(e_v, e_b) == pytest.approx((1 + sigma_r) / (1 - sigma_r), rel=1e-13)


def test_orthogonal_slope_is_the_principal_axis():
    rng = np.random.default_rng(2)
    for slope in (-1.4, -0.3, 0.05, 0.9):
        b = rng.normal(size=(400, 3))
        v = slope * b + 0.2 * rng.normal(size=(400, 3))
        scatter = np.stack([b.ravel(), v.ravel()])
        axis = np.linalg.eigh(scatter @ scatter.T)[1][:, -1]
        e_v, e_b, h = means(v, b)
        assert elsasser.walen_slope_orthogonal(e_v, e_b, h) == pytest.approx(axis[1] / axis[0], rel=1e-9)


@pytest.mark.parametrize("q", [0.0, 0.3, 0.5, 1.0])
def test_counter_propagating_waves_of_amplitude_ratio_q(q):
    """z_minus = q z_plus in amplitude, uncorrelated: sigma_c = (1 - q^2)/(1 + q^2), sigma_r = 0 (quadrature: exact)."""
    phase = 2 * np.pi * np.arange(64) / 64
    z_plus = np.stack([np.cos(phase), np.sin(phase), 0 * phase], axis=1)
    z_minus = q * np.stack([np.cos(2 * phase), np.sin(2 * phase), 0 * phase], axis=1)
    e = means((z_plus + z_minus) / 2, (z_plus - z_minus) / 2)
    assert elsasser.sigma_c(*e) == pytest.approx((1 - q**2) / (1 + q**2), abs=1e-14)
    assert elsasser.sigma_r(*e[:2]) == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize(("snr", "sigma_c", "sigma_r"), [(3.0, 0.947, 0.053), (1.0, 0.667, 0.333)])
def test_velocity_noise_on_a_pure_wave(snr, sigma_c, sigma_r):
    """sigma_c = 2/(2 + SNR^-2), sigma_r = SNR^-2/(2 + SNR^-2); 3 digits, from 300,000 draws (scatter 1e-3)."""
    rng = np.random.default_rng(3)
    wave, noise = rng.normal(size=(2, 300_000, 3))
    e = means(wave + noise / snr, wave)
    assert elsasser.sigma_c(*e) == pytest.approx(sigma_c, abs=3e-3)
    assert elsasser.sigma_r(*e[:2]) == pytest.approx(sigma_r, abs=3e-3)


def test_a_missing_component_leaves_no_energy_at_all():
    """Only B missing gave sigma_r = +1 elsewhere: sums took NaN for 0."""
    v, b = np.ones((4, 3)), np.ones((4, 3))
    b[1] = np.nan
    b[2, 0] = np.nan
    v[3, 2] = np.nan
    assert np.isnan(np.array(elsasser.energies(v, b))).all(axis=0).tolist() == [False, True, True, True]
    assert np.isnan(elsasser.sigma_r(*means(v[1:], b[1:])[:2]))


def test_no_energy_is_no_number():
    assert np.isnan(elsasser.sigma_c(0.0, 0.0, 0.0))
    assert np.isnan(elsasser.alfven_ratio(1.0, 0.0))


@pytest.mark.genuine
def test_solarwindpy_plasma(shared):
    """rho, v, b in Alfvén units, energies, sigma_c, sigma_r of its three species sets (SolarWindPy 0.3.0)."""
    folder = shared / "refcases" / "04_solarwindpy_plasma"
    plasma = pd.read_csv(folder / "plasma.csv")
    cases = json.loads((folder / "expected.json").read_text())["cases"]
    masses = {"p1": 1.0, "p2": 1.0, "a": cases["a+p1"]["rho"][0] - 1.0}  # its alpha mass, from its own density
    masses["a"] /= plasma["n||a"][0]
    for name, case in cases.items():
        weights = {s: masses[s] * plasma[f"n||{s}"].to_numpy() for s in name.split("+")}
        rho = sum(weights.values())
        momenta = [w[:, None] * plasma[[f"v|{c}|{s}" for c in "xyz"]].to_numpy() for s, w in weights.items()]
        v = sum(momenta) / rho[:, None]
        b = elsasser.alfven_velocity(plasma[[f"b|{c}|" for c in "xyz"]].to_numpy(), rho)
        assert rho == pytest.approx(case["rho"], rel=1e-10)
        # 21.812 km/s is rounded to five digits there: compare in its own constant
        ratio = np.divide(case["b_alfven_kms"], b)
        assert ratio == pytest.approx(ratio[0, 0], rel=1e-10)
        assert ratio[0, 0] == pytest.approx(1.0, abs=2e-5)
        trailing = [x - [x[0], x[1], x[1:].mean(axis=0)] for x in (v, b * ratio[0, 0])]  # 365 days: the last two rows
        e_v, e_b, h = elsasser.energies(*trailing)
        assert e_v == pytest.approx(case["ev"], rel=1e-10)
        assert e_b == pytest.approx(case["eb"], rel=1e-10, abs=1e-20)
        assert h / 2 == pytest.approx(case["cross_helicity"], rel=1e-10, abs=1e-20)
        assert elsasser.sigma_c(e_v, e_b, h)[2] == pytest.approx(case["sigma_c"][2], rel=1e-10)
        assert elsasser.sigma_r(e_v, e_b)[2] == pytest.approx(case["sigma_r"][2], rel=1e-10)
