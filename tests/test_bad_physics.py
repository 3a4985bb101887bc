"""Every diagnostic and every pair on data that no physics is in: values or NaN with a reason, and no warning."""

import importlib
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline import detect, schema, tables
from pipeline.config import Lag
from pipeline.pairs import lag as lag_module

PACKAGE = Path(detect.__file__).parent
START = np.datetime64("2001-01-01T00:00:30", "ns")
BINS, STEP_S = 480, 60
FEW = {"surrogates": 40, "draws": 100, "replicates": 200}  # random draws: what is tested is not their number


def settings_of(module):
    return module.Settings(**{key: value for key, value in FEW.items() if key in module.Settings.model_fields})


def modules(folder: str) -> list[str]:
    return sorted(p.stem for p in (PACKAGE / folder).glob("[a-z]*.py") if p.stem != "lag")


def uniform(name: str, seed: int = 1) -> xr.Dataset:
    """Eight hours of waves and noise at one-minute bins, in the layout of uniform.nc."""
    rng = np.random.default_rng(seed)
    waves = np.cumsum(rng.normal(0, 0.5, (BINS, 3)), axis=0)
    waves -= np.linspace(waves[0], waves[-1], BINS)
    values = {
        "b": waves + np.array([3.0, 8.0, -2.0]),
        "v": 8 * waves + np.array([-420.0, 0.0, 0.0]) + rng.normal(0, 1, (BINS, 3)),
        "n": 5 + rng.normal(0, 0.2, BINS),
        "temperature": np.full(BINS, 5e4) + rng.normal(0, 1e3, BINS),
        "alpha_ratio": np.full(BINS, 0.04),
        "position": np.tile([1.5e6, 1e5, 2e4], (BINS, 1)),
        "coverage_b": np.ones(BINS),
        "coverage_v": np.ones(BINS),
        "coverage_n": np.ones(BINS),
    }
    values |= {"b_mag": np.linalg.norm(values["b"], axis=1), "b_matched": values["b"].copy()}
    frame = {"frame": "GSE"}
    data = {
        key: (("time", "component")[: values[key].ndim], values[key], schema.attributes(key) | frame)
        for key in schema.UNIFORM
    }
    coords = {"time": START + np.arange(BINS) * np.timedelta64(STEP_S, "s"), "component": list("xyz")}
    attrs = {"event": "bad", "spacecraft": name, "cadence_s": float(STEP_S), "removed": "{}"}
    attrs |= {f"accumulation_{clock}_s": 16.0 for clock in ("mag", "plasma")}
    return xr.Dataset(data, coords, attrs | {"product_field": "AC_H0_MFI", "product_plasma": "AC_H0_SWE"})


def rows(spacecraft: str, edges: dict[str, tuple]) -> pd.DataFrame:
    """Intervals by name and (start, end) in minutes after midnight, None where unknown."""

    def at(minute):
        return pd.NaT if minute is None else pd.Timestamp("2001-01-01") + pd.Timedelta(minutes=minute)

    table = [(spacecraft, name, at(start), at(end), "given") for name, (start, end) in edges.items()]
    frame = pd.DataFrame(table, columns=["spacecraft", "interval", "start", "end", "origin"])
    return frame.astype({"start": "datetime64[ns]", "end": "datetime64[ns]"})


USUAL = {"sheath": (60, 150), "ejecta": (150, 420), "ejecta_front": (150, 240), "alfvenic_1": (250, 330)}
USUAL |= {"quiet": (330, 420)}
OUTSIDE = {name: (10_000 + start, 10_000 + end) for name, (start, end) in USUAL.items()}
UNKNOWN = dict.fromkeys(USUAL, (None, None))
ONE = dict.fromkeys(USUAL, (200, 201))
NONE = dict.fromkeys(USUAL, (200, 200))
BETWEEN = dict.fromkeys(USUAL, (200.2, 200.4))
BACKWARDS = {name: (end, start) for name, (start, end) in USUAL.items()}


def put(ds: xr.Dataset, value, *names: str) -> xr.Dataset:
    return ds.assign({name: ds[name].copy(data=np.full(ds[name].shape, value)) for name in names})


def without_field(ds):
    return put(put(ds, np.nan, "b", "b_mag", "b_matched"), 0.0, "coverage_b")


def without_plasma(ds):
    names = ("v", "n", "temperature", "alpha_ratio", "b_matched")
    return put(put(ds, np.nan, *names), 0.0, "coverage_v", "coverage_n")


def constant_field(ds):
    still = {name: ds[name].copy(data=np.tile([1.0, 5.0, -2.0], (BINS, 1))) for name in ("b", "b_matched")}
    return put(ds.assign(still), np.sqrt(30.0), "b_mag")


def still(ds):
    return constant_field(ds).assign(v=ds["v"].copy(data=np.tile([-400.0, 0.0, 0.0], (BINS, 1))))


def flat(ds):
    """The field varies along one axis alone."""
    line = {name: ds[name].copy(data=ds[name].values * [0.0, 1.0, 0.0]) for name in ("b", "b_matched")}
    return ds.assign(line)


def every_other(ds):
    keep = np.arange(BINS) % 2 == 0
    return ds.where(xr.DataArray(keep, dims="time")).assign_attrs(ds.attrs)


def one_bin(ds):
    return ds.where(xr.DataArray(np.arange(BINS) == 200, dims="time")).assign_attrs(ds.attrs)


def as_it_is(ds):
    return ds


DATA = {
    "usual": (as_it_is, USUAL),
    "no plasma": (without_plasma, USUAL),
    "no field": (without_field, USUAL),
    "nothing": (lambda ds: without_plasma(without_field(ds)), USUAL),
    "zero density": (lambda ds: put(ds, 0.0, "n"), USUAL),
    "no density": (lambda ds: put(put(ds, np.nan, "n"), 0.0, "coverage_n"), USUAL),
    "no position": (lambda ds: put(ds, np.nan, "position"), USUAL),
    "zero field": (lambda ds: put(ds, 0.0, "b", "b_mag", "b_matched"), USUAL),
    "constant field": (constant_field, USUAL),
    "nothing varies": (still, USUAL),
    "field on a line": (flat, USUAL),
    "every other bin": (every_other, USUAL),
    "one bin with data": (one_bin, USUAL),
    "huge numbers": (lambda ds: put(ds, 1e4, "b", "b_mag", "b_matched", "v", "n"), USUAL),
    "intervals outside": (as_it_is, OUTSIDE),
    "intervals unknown": (as_it_is, UNKNOWN),
    "one bin an interval": (as_it_is, ONE),
    "empty intervals": (as_it_is, NONE),
    "intervals between bins": (as_it_is, BETWEEN),
    "end before start": (as_it_is, BACKWARDS),
    "no intervals": (as_it_is, {}),
    "only the ejecta": (as_it_is, {"ejecta": (150, 420)}),
}


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings(action="error"):
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=ResourceWarning)  # of other tests' leftovers, whenever collected
        yield


def check(result: xr.Dataset) -> None:
    """No infinity; every entry of an interval without any number has a reason; tables can be made of it."""
    for name, variable in result.variables.items():
        if variable.dtype.kind == "f":
            assert not np.isinf(variable.values).any(), f"{name} holds an infinity"
    if "reason" in result:
        reason = result["reason"]
        numbers = [v for v in result.data_vars.values() if v.dtype.kind == "f" and set(reason.dims) <= set(v.dims)]
        numbers = [v for v in numbers if not v.name.startswith(("coverage", "n_", "lag_s"))]
        finite = np.zeros(reason.shape, bool)
        for v in numbers:
            more = [dim for dim in v.dims if dim not in reason.dims]
            finite |= np.isfinite(v).any(more).transpose(*reason.dims).values
        mute = ~finite & (reason.values.astype(str) == "")
        assert not (mute.any() and numbers), f"{mute.sum()} rows of {mute.size} have neither a number nor a reason"


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", modules("diagnostics"))
def test_diagnostics(name, data):
    module = importlib.import_module(f"pipeline.diagnostics.{name}")
    change, edges = DATA[data]
    ds = change(uniform("ace"))
    before = ds.copy(deep=True)
    check(module.compute(ds, rows("ace", edges), settings_of(module)))
    xr.testing.assert_identical(ds, before)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", modules("pairs"))
def test_pairs(name, data):
    module = importlib.import_module(f"pipeline.pairs.{name}")
    change, edges = DATA[data]
    first, second = change(uniform("ace")), change(uniform("wind", seed=2))
    check(module.compute(first, second, rows("ace", edges), 600.0, settings_of(module)))


LAGS = {"longer than the event": 1e6, "longer backwards": -1e6, "unknown": np.nan, "half a bin": 30.0, "zero": 0.0}


@pytest.mark.parametrize("lag", LAGS)
@pytest.mark.parametrize("name", modules("pairs"))
def test_lags(name, lag):
    module = importlib.import_module(f"pipeline.pairs.{name}")
    check(module.compute(uniform("ace"), uniform("wind", 2), rows("ace", USUAL), LAGS[lag], settings_of(module)))


@pytest.mark.parametrize("name", modules("pairs"))
def test_identical_spacecraft(name):
    module = importlib.import_module(f"pipeline.pairs.{name}")
    result = module.compute(uniform("ace"), uniform("ace"), rows("ace", USUAL), 0.0, settings_of(module))
    check(result)
    if name == "correlation":
        assert float(np.nanmin(result["r"])) == pytest.approx(1.0)  # a series is itself


@pytest.mark.parametrize("only", ["first", "second"])
@pytest.mark.parametrize("name", modules("pairs"))
def test_one_of_two_has_nothing(name, only):
    module = importlib.import_module(f"pipeline.pairs.{name}")
    pair = [uniform("ace"), uniform("wind", seed=2)]
    at = ("first", "second").index(only)
    pair[at] = without_plasma(without_field(pair[at]))
    check(module.compute(*pair, rows("ace", USUAL), 600.0, settings_of(module)))


@pytest.mark.parametrize("data", DATA)
def test_lag_detection_and_tables(data):
    change, edges = DATA[data]
    first, second = change(uniform("ace")), change(uniform("wind", seed=2))
    own = rows("ace", edges)
    structures = own[own["interval"].isin(["sheath", "ejecta", "ejecta_front"])]
    if len(own):
        result = lag_module.compute(first, second, structures, Lag())
        check(result)
        assert np.isfinite(float(result["lag_s"])) or str(result["reason"].values)
    found = detect.detect(first, structures, detect.Settings())
    detect.complement(structures, found)
    detect.summary(first, structures, found, detect.Settings())
    tables.interval_statistics("bad", [first], own)


@pytest.mark.parametrize("name", ["correlation", "coherence", "scales", "contrast", "phase"])
def test_what_rounding_leaves_of_a_constant_agrees_with_nothing(name):
    """Two constant fields scatter by 1e-16 about their means, and in step: that is no correlation of 1."""
    module = importlib.import_module(f"pipeline.pairs.{name}")
    first, second = constant_field(uniform("ace")), constant_field(uniform("wind", seed=2))
    result = module.compute(first, second, rows("ace", USUAL), 600.0, settings_of(module))
    for key in ("r", "coherency", "coherency_p", "shared"):
        assert key not in result or result[key].isnull().all()
    assert (result["reason"] != "").all()


def test_a_boundary_on_the_edge_of_a_bin_belongs_to_one_side():
    """Neighbours share no bin and lose none: [150, 240) and [240, 420) are the bins of [150, 420)."""
    module = importlib.import_module("pipeline.diagnostics.hodogram")
    edges = {"all": (150, 420), "front": (150, 240), "rear": (240, 420)}
    n = module.compute(uniform("ace"), rows("ace", edges), settings_of(module))["n_samples"].values
    assert list(n) == [270, 90, 180]
    shifted = {name: (start + 0.5, end + 0.5) for name, (start, end) in edges.items()}  # on the centres of bins
    n = module.compute(uniform("ace"), rows("ace", shifted), settings_of(module))["n_samples"].values
    assert list(n) == [270, 90, 180]
