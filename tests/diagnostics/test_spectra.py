"""Spectra and slopes against prescribed power laws and Welch's estimate."""

import numpy as np
import pandas as pd
import xarray as xr

from pipeline import intervals
from pipeline.constants import ALFVEN_FACTOR
from pipeline.diagnostics import spectra
from pipeline.tables import tidy

CADENCE_S, HOURS = 64.0, 3600.0
EPOCH = np.datetime64("2001-12-29", "ns")


def at(hours):
    return EPOCH + np.timedelta64(round(hours * HOURS * 1e9), "ns")


def rows(**spans):
    table = [("wind", name, at(start), at(end), "given") for name, (start, end) in spans.items()]
    return pd.DataFrame(table, columns=intervals.COLUMNS).astype({"start": "datetime64[ns]", "end": "datetime64[ns]"})


def power_law(rng, n, slope):
    """(time, 3) of one-sided density f^slope per component (per Hz), from 1 / (record / 4) on."""
    frequency = np.fft.rfftfreq(n, CADENCE_S)
    density = np.where(frequency >= 4 / (n * CADENCE_S), np.maximum(frequency, 1e-9) ** slope, 0.0)
    phases = (rng.standard_normal((3, frequency.size)) + 1j * rng.standard_normal((3, frequency.size))) / np.sqrt(2)
    return np.fft.irfft(phases * np.sqrt(density * n / (2 * CADENCE_S)), n).T


def dataset(seed, slope_v=-3 / 2, slope_b=-5 / 3, hours=60, missing=0.02):
    rng = np.random.default_rng(seed)
    n = int(hours * HOURS / CADENCE_S)
    v, b = power_law(rng, n, slope_v), power_law(rng, n, slope_b) * 0.5
    v[rng.random(n) < missing] = np.nan
    return xr.Dataset(
        {
            "v": (("time", "component"), v - 400.0),
            "b_matched": (("time", "component"), (b + 50.0) * np.sqrt(5.0) / ALFVEN_FACTOR),
            "n": ("time", np.full(n, 5.0)),
            "alpha_ratio": ("time", np.zeros(n)),
        },
        {"time": at(0) + (np.arange(n) * CADENCE_S * 1e9).astype("timedelta64[ns]"), "component": list("xyz")},
        {"event": "simulated", "spacecraft": "wind", "accumulation_plasma_s": CADENCE_S, "accumulation_mag_s": 16.0},
    )


def test_power_is_the_density_that_was_put_in():
    results = [spectra.compute(dataset(seed), rows(ejecta=(10, 50)), spectra.Settings()) for seed in range(10)]
    period = results[0]["period"].values
    chosen = (period > 400) & (period < 7000)
    power = np.mean([ds["power"].values[0] for ds in results], axis=0)[:, chosen]
    # Three components. A passband 17 % wide sees 3 to 5 % more of a steep law than its centre; the rest is scatter.
    for row, slope, level in ((0, -3 / 2, 1.0), (1, -5 / 3, 0.25)):
        np.testing.assert_allclose(power[row] / (3 * level * period[chosen] ** -slope), 1.0, atol=0.15)
    # Independent v and b: both Elsasser spectra are the sum.
    np.testing.assert_allclose(power[2], power[0] + power[1], rtol=0.15)
    np.testing.assert_allclose(power[2] + power[3], 2 * (power[0] + power[1]), rtol=1e-9)


def test_agrees_with_welch_on_records_without_gaps():
    from scipy.signal import welch

    ratios = []
    for seed in range(8):
        data = dataset(seed, missing=0.0)
        result = spectra.compute(data, rows(ejecta=(5, 55)), spectra.Settings())
        inside = intervals.inside(data["time"].values, at(5), at(55))
        frequency, density = welch(data["v"].values[inside], 1 / CADENCE_S, nperseg=512, axis=0)
        density, period = density.sum(axis=1), result["period"].values
        for low, high in ((400, 800), (800, 1600), (1600, 3200)):
            here, chosen = (frequency > 1 / high) & (frequency < 1 / low), (period > low) & (period < high)
            ours = np.mean(result["power"].values[0, 0, chosen] * period[chosen] ** -1.5)
            ratios.append(ours / np.mean(density[here] * frequency[here] ** 1.5))
    # Octaves of 50 to 200 modes, eight of them; the wavelet's passband adds 3 to 5 % to a steep law.
    np.testing.assert_allclose(np.mean(np.reshape(ratios, (8, 3)), axis=0), 1.0, atol=0.1)


def test_slopes_and_their_intervals():
    held, slopes = [], []
    for seed in range(40):
        result = spectra.compute(dataset(100 + seed), rows(ejecta=(20, 32)), spectra.Settings())
        slopes.append(result["slope"].values[0, :2])
        low, high = np.moveaxis(result["slope_ci"].values[0, :2], -1, 0)
        held.append((low <= (-3 / 2, -5 / 3)) & (high >= (-3 / 2, -5 / 3)))
    # 40 intervals of 12 h, error 0.13 each.
    np.testing.assert_allclose(np.mean(slopes, axis=0), [-3 / 2, -5 / 3], atol=0.07)
    assert np.mean(held) >= 0.88


def test_power_intervals_hold_the_truth():
    held = []
    for seed in range(40):
        result = spectra.compute(dataset(200 + seed), rows(ejecta=(20, 32)), spectra.Settings())
        period = result["period"].values
        truth, bounds = 3 * period**1.5, result["power_ci"].values[0, 0]
        chosen = (period > 400) & (period < 7200)
        held.append(((bounds[:, 0] <= truth) & (truth <= bounds[:, 1]))[chosen])
    assert 0.9 <= np.mean(held) <= 0.99


def test_layout_and_reasons():
    data = dataset(1)
    data["v"][2000:] = np.nan
    table = pd.concat([rows(ejecta=(10, 30), short=(20, 20.2), gap=(40, 50)), rows(sheath=(0, 1)).assign(start=pd.NaT)])
    result = spectra.compute(data, table, spectra.Settings())
    assert result["power"].dims == ("region", "quantity", "period")
    assert result["quantity"].values.tolist() == ["v", "b", "z_plus", "z_minus"]
    reason = dict(zip(result["interval"].values, result["reason"].values, strict=True))
    assert reason["ejecta"] == ""
    assert reason["sheath"] == "boundaries unknown"
    assert reason["short"]
    assert reason["gap"]
    np.testing.assert_array_equal(result["slope"].notnull().all("quantity"), result["reason"] == "")
    for name, variable in result.data_vars.items():
        assert {"units", "long_name"} <= set(variable.attrs), name
    columns = tidy([result]).columns.tolist()
    assert columns == [
        "event",
        "spacecraft",
        "interval",
        "quantity",
        "slope",
        "slope_ci_low",
        "slope_ci_high",
        "reason",
    ]
    assert (result["period"] >= result.attrs["usable_from_s"] - 1e-6).all()


def test_a_pure_wave_has_no_spectrum_of_the_other_way():
    data = dataset(4)
    alfven = data["b_matched"] * ALFVEN_FACTOR / np.sqrt(5.0)
    data["v"] = alfven.where(data["v"].notnull())
    result = spectra.compute(data, rows(ejecta=(10, 30)), spectra.Settings())
    power = result["power"].isel(region=0).sel(quantity="z_minus") / result["power"].isel(region=0).sel(
        quantity="z_plus"
    )
    assert power.isnull().all() or float(power.max()) < 1e-9
    np.testing.assert_allclose(result["slope"].sel(quantity="z_plus"), result["slope"].sel(quantity="b"), atol=1e-9)


def test_no_interval_gives_an_empty_table():
    assert spectra.compute(dataset(1), rows(), spectra.Settings()).sizes["interval"] == 0


def test_arguments_are_not_changed():
    data = dataset(2)
    before = data.copy(deep=True)
    spectra.compute(data, rows(ejecta=(10, 30)), spectra.Settings())
    xr.testing.assert_identical(data, before)
