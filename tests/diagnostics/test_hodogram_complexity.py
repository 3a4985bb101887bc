"""Complexity of intervals: a clean rope is simple, waves make it complex, surrogates and ranks say so."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline.diagnostics import complexity
from pipeline.tables import tidy

N, STEP_S = 1080, 60.0
START = np.datetime64("2001-01-01T00:00:30", "ns")


def dataset(b):
    return xr.Dataset(
        {"b": (("time", "component"), b)},
        coords={"time": START + np.arange(len(b)) * np.timedelta64(60, "s"), "component": ["x", "y", "z"]},
        attrs={"event": "simulated", "spacecraft": "one"},
    )


def intervals(**hours):
    at = lambda h: pd.Timestamp("2001-01-01") + pd.Timedelta(hours=h)  # noqa: E731
    rows = [("one", name, at(a), at(b), "given") for name, (a, b) in hours.items()]
    return pd.DataFrame(rows, columns=["spacecraft", "interval", "start", "end", "origin"])


def rope():
    angle = np.pi * (np.arange(N) / N - 0.5)
    return 15 * np.stack([0.2 * np.ones(N), np.cos(angle), np.sin(angle)], axis=1)


def wavy(seed=1):
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * np.arange(N)[:, None] / np.array([23.0, 31.0, 27.0]) + rng.uniform(0, 6, 3)
    return rope() + 4 * (np.arange(N) >= 720)[:, None] * np.sin(angle)


def test_clean_rope_has_the_values_of_a_half_circle():
    found = complexity.compute(dataset(rope()), intervals(ejecta=(0, 18)), complexity.Settings(surrogates=0))
    value = found["value"].sel(interval="ejecta")
    assert float(value.sel(quantity="tortuosity")) == pytest.approx(np.pi / 2, rel=0.01)
    assert float(value.sel(quantity="roughness")) == pytest.approx(np.pi / 2, rel=0.01)
    assert float(value.sel(quantity="turning_ratio")) == pytest.approx(1, abs=1e-9)
    assert float(value.sel(quantity="self_intersections")) == 0
    assert float(value.sel(quantity="arc_residual")) == pytest.approx(0, abs=2e-3)
    assert float(value.sel(quantity="thickness")) < 1e-3


def test_waves_in_the_rear_make_it_the_most_complex_window():
    table = intervals(ejecta=(0, 18), ejecta_rear=(12, 18), ejecta_front=(0, 6))
    noise = 0.05 * np.random.default_rng(2).standard_normal((N, 3))
    found = complexity.compute(dataset(wavy() + noise), table, complexity.Settings(surrogates=0))
    rank = found["rank"].sel(quantity=["tortuosity", "roughness", "self_intersections", "turning_ratio"])
    assert (rank.sel(interval="ejecta_rear") > 0.85).all()
    assert (rank.sel(interval="ejecta_front") < 0.7).all()  # among windows without waves, all alike but for noise
    assert found["rank"].sel(interval="ejecta").isnull().all()
    value = found["value"].sel(quantity="roughness")
    assert float(value.sel(interval="ejecta_rear")) > 3 * float(value.sel(interval="ejecta_front"))


def test_surrogates_of_a_random_field_are_like_it_and_those_of_a_rope_are_not():
    rng = np.random.default_rng(3)
    settings = complexity.Settings(surrogates=19, windows=0)
    table, p = intervals(ejecta=(0, 18)), []
    for _ in range(8):
        white = np.convolve(rng.standard_normal(3 * N + 60), np.ones(30), "same")[: 3 * N].reshape(3, N).T
        p.append(complexity.compute(dataset(white), table, settings)["surrogate_p"].values[0])
    names = list(complexity.METRICS)
    for name in ("roughness", "self_intersections", "permutation_entropy"):
        assert 0.1 < np.median([row[names.index(name)] for row in p]) < 0.9
    simple = complexity.compute(dataset(rope()), table, settings)["surrogate_p"].sel(interval="ejecta")
    assert (simple.sel(quantity=["tortuosity", "roughness", "arc_residual"]) == 1).all()


def test_cadence_and_gaps_hardly_matter():
    table, settings = intervals(ejecta=(0, 18), ejecta_rear=(12, 18)), complexity.Settings(surrogates=0, windows=0)
    b = wavy()
    gappy = b.copy()
    gappy[np.random.default_rng(4).random(N) < 0.2] = np.nan
    coarse = dataset(b.reshape(-1, 4, 3).mean(axis=1)).assign_coords(
        time=START + np.timedelta64(90, "s") + np.arange(N // 4) * np.timedelta64(240, "s")
    )
    whole, part, slow = (
        complexity.compute(ds, table, settings)["value"] for ds in (dataset(b), dataset(gappy), coarse)
    )
    for name in ("roughness", "self_intersections"):
        rear = {"interval": "ejecta_rear", "quantity": name}
        assert float(part.sel(rear)) == pytest.approx(float(whole.sel(rear)), rel=0.25)
        assert float(slow.sel(rear)) == pytest.approx(float(whole.sel(rear)), rel=0.25)


def test_rows_without_value_say_why():
    b = rope()
    b[400:1000] = np.nan
    table = pd.concat([intervals(ejecta=(0, 18), middle=(8, 14)), intervals(nowhere=(0, 1)).assign(start=pd.NaT)])
    found = complexity.compute(dataset(b), table, complexity.Settings(surrogates=9))
    rows = tidy([found]).drop_duplicates("interval").set_index("interval")
    assert rows.loc["ejecta", "reason"] == "field covers 0.44 of the interval, below 0.5"
    assert rows.loc["middle", "reason"].startswith("field covers 0.00")
    assert rows.loc["nowhere", "reason"].startswith("no bin inside")
    assert found["value"].isnull().all()
