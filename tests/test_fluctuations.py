"""Alfvén units: known plasma in, known speeds out, gaps of the density and of the alphas by their own rules."""

import numpy as np
import pytest
import xarray as xr

from pipeline.fluctuations import alfven_units
from pipeline.physics import elsasser

CADENCE_S = 64.0
MU_0, M_P, K_B = 4e-7 * np.pi, 1.67262192e-27, 1.380649e-23


def uniform(size=200, n=5.0, alpha_ratio=np.nan, b=(3.0, -4.0, 12.0), **more):
    time = np.datetime64("2001-12-30", "ns") + np.arange(size) * np.timedelta64(int(CADENCE_S * 1e9), "ns")
    series = {"n": n, "alpha_ratio": alpha_ratio, **more}
    return xr.Dataset(
        {
            "v": (("time", "component"), np.tile([-400.0, 10.0, 5.0], (size, 1))),
            "b": (("time", "component"), np.tile(np.asarray(b, float), (size, 1))),
            **{name: ("time", np.broadcast_to(np.asarray(x, float), size).copy()) for name, x in series.items()},
        },
        coords={"time": time, "component": ["x", "y", "z"]},
    )


def alfven_speed_si(b_nt, n_cm3, alpha_ratio=0.0):
    """The textbook formula in SI units, in km/s."""
    return b_nt * 1e-9 / np.sqrt(MU_0 * M_P * n_cm3 * 1e6 * (1 + 4 * alpha_ratio)) * 1e-3


@pytest.mark.parametrize("density", ["window_mean", "instantaneous", "interval_mean"])
def test_constant_plasma_gives_the_textbook_speed_by_every_density(density):
    v, b, notes = alfven_units(uniform(alpha_ratio=0.08), density=density)
    assert np.linalg.norm(b, axis=1) == pytest.approx(alfven_speed_si(13.0, 5.0, 0.08), rel=1e-6)  # mu_0 of old SI
    assert v[0] == pytest.approx([-400, 10, 5])
    assert notes["alpha_assumed_fraction"] == 0.0
    assert notes["alpha_ratio"] == pytest.approx(0.08)


@pytest.mark.parametrize(
    ("ratio", "sigma_r", "sigma_c"), [(0.04, -0.074, 0.997), (0.08, -0.138, 0.990), (0.15, -0.231, 0.973)]
)
def test_a_wave_seen_without_its_alphas_has_too_much_magnetic_energy(ratio, sigma_r, sigma_c):
    """Published bias of the proton-only normalisation, three digits; with the alphas the wave is pure."""
    rng = np.random.default_rng(4)
    ds = uniform(alpha_ratio=ratio)
    wave = rng.normal(size=(200, 3))
    ds["b"] += wave
    ds["v"] += wave * alfven_speed_si(1.0, 5.0, ratio)
    found = {}
    for alphas in ("measured", "none"):
        v, b, _ = alfven_units(ds, alphas=alphas)
        e_v, e_b, h = (np.mean(e) for e in elsasser.energies(v - v.mean(axis=0), b - b.mean(axis=0)))
        found[alphas] = elsasser.sigma_c(e_v, e_b, h), elsasser.sigma_r(e_v, e_b)
    assert found["measured"] == pytest.approx((1.0, 0.0), abs=1e-6)
    assert found["none"] == pytest.approx((sigma_c, sigma_r), abs=6e-4)


def test_missing_alphas_take_the_assumed_ratio_and_are_counted():
    ds = uniform(alpha_ratio=np.where(np.arange(200) < 150, 0.10, np.nan))
    _, b, notes = alfven_units(ds, density="instantaneous", assumed_alpha_ratio=0.04)
    speed = np.linalg.norm(b, axis=1)
    assert speed[:150] == pytest.approx(alfven_speed_si(13.0, 5.0, 0.10), rel=1e-6)
    assert speed[150:] == pytest.approx(alfven_speed_si(13.0, 5.0, 0.04), rel=1e-6)
    assert notes["alpha_assumed_fraction"] == pytest.approx(0.25)
    assert alfven_units(ds, alphas="assumed")[2]["alpha_assumed_fraction"] == 1.0
    assert alfven_units(ds, alphas="none")[2]["alpha_ratio"] == 0.0


def test_window_mean_bridges_short_density_gaps_and_not_long_ones():
    n = np.full(400, 5.0)
    n[50:60] = np.nan  # 11 min of a 1-h window
    n[200:300] = np.nan  # 107 min
    ds = uniform(400, n=n)
    _, b, notes = alfven_units(ds, density="window_mean", density_window_s=3600.0, min_fraction=0.25)
    there = np.isfinite(b).all(axis=1)
    assert there[50:60].all()
    assert not there[220:280].any()
    assert notes["density_bridged_fraction"] > 0
    _, b, notes = alfven_units(ds, density="instantaneous")
    assert np.array_equal(np.isfinite(b).all(axis=1), np.isfinite(n))
    assert notes["density_bridged_fraction"] == 0.0
    assert np.isfinite(alfven_units(ds, density="interval_mean")[1]).all()


def test_density_fluctuations_enter_b_only_when_instantaneous():
    """B constant, n oscillates by 2 % in 20 min: the instantaneous normalisation makes db/b = dn/2n of it."""
    t = np.arange(400) * CADENCE_S
    ds = uniform(400, n=5.0 * (1 + 0.02 * np.sin(2 * np.pi * t / 1200.0)))
    spread = {
        d: alfven_units(ds, density=d)[1][60:-60].std(axis=0) for d in ("instantaneous", "window_mean", "interval_mean")
    }
    b0 = np.abs([3.0, -4.0, 12.0]) * alfven_speed_si(1.0, 5.0, 0.04)
    assert spread["instantaneous"] == pytest.approx(0.01 / np.sqrt(2) * b0, rel=0.02)
    assert (spread["window_mean"] < 0.1 * spread["instantaneous"]).all()  # three periods fill the hour
    assert spread["interval_mean"] == pytest.approx(0.0, abs=1e-12)


def test_anisotropy_factor_from_the_pressures():
    """xi = 1 + mu_0 (p_perp - p_par)/B^2 evaluated in SI; 1 where a temperature is missing."""
    parallel = np.where(np.arange(200) < 100, 2e5, np.nan)
    ds = uniform(temperature_parallel=parallel, temperature_perpendicular=1e5, b=(0.0, 0.0, 5.0))
    _, plain, _ = alfven_units(ds, density="instantaneous")
    _, kinetic, notes = alfven_units(ds, density="instantaneous", anisotropy=True)
    xi = 1 + MU_0 * 5e6 * K_B * (1e5 - 2e5) / 5e-9**2
    ratio = kinetic[:, 2] / plain[:, 2]
    assert ratio[:100] == pytest.approx(np.sqrt(xi), rel=1e-6)
    assert ratio[100:] == pytest.approx(1.0)
    assert notes["anisotropy_fraction"] == pytest.approx(0.5)
    assert alfven_units(uniform(), anisotropy=True)[2]["anisotropy_fraction"] == 0.0


def test_wrong_options_are_named():
    with pytest.raises(ValueError, match="density is 'mean'"):
        alfven_units(uniform(), density="mean")
    with pytest.raises(ValueError, match="alphas is 'some'"):
        alfven_units(uniform(), alphas="some")


def test_arguments_stay_as_they_were():
    ds = uniform()
    before = ds.copy(deep=True)
    alfven_units(ds)
    assert ds.identical(before)
