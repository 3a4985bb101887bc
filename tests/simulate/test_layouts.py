"""Files of the virtual archive: the genuine products' names and types, and what the pipeline reads from them."""

import csv
from datetime import datetime
from pathlib import Path

import cdflib
import numpy as np
import pytest
import yaml

from pipeline import archive, load
from pipeline.config import Fetch, Load, read_events, read_settings
from pipeline.simulate import Settings, event_rows, measure, observe, realise, write_archive
from pipeline.simulate.layouts import LAYOUTS, WRONG

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
UNIX_EPOCH_MS = 62167219200000.0
WIND_SWE = {"wind": ("WI_H0_MFI", "WI_H1_SWE")}
GENUINE = {
    "AC_H0_MFI": "ace/mag/level_2_cdaweb/mfi_h0/2023/ac_h0_mfi_20230102_v07.cdf",
    "WI_H0_MFI": "wind/mfi/mfi_h0/2003/wi_h0_mfi_20031120_v05.cdf",
    "WI_H1_SWE": "wind/swe/swe_h1/2003/wi_h1_swe_20031120_v01.cdf",
}


@pytest.fixture(scope="module")
def draw():
    return realise(Settings(sampling_s=3.0))


@pytest.fixture(scope="module")
def root(draw, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    write_archive(draw, folder)
    return folder


def files(root, product):
    """Paths of one product's files, by day."""
    source, level, instrument = product.lower().split("_")
    return sorted(root.rglob(f"{source}_{level}_{instrument}_*.cdf"))


def column(paths, name):
    return np.concatenate([cdflib.CDF(path).varget(name) for path in paths])


def test_files_lie_where_the_archive_has_them(root):
    found = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    folders = {
        "ace/mag/level_2_cdaweb/mfi_h0/2001/ac_h0_mfi",
        "ace/swepam/level_2_cdaweb/swe_h0/2001/ac_h0_swe",
        "wind/mfi/mfi_h0/2001/wi_h0_mfi",
        "wind/3dp/3dp_pm/2001/wi_pm_3dp",
        "wind/swe/swe_h1/2001/wi_h1_swe",
    }
    assert found == sorted(f"{folder}_{day}_v01.cdf" for folder in folders for day in ("20011229", "20011230"))


@pytest.mark.parametrize("product", GENUINE)
def test_variables_are_those_of_the_genuine_file(product, root, shared):
    """Each has the name, type, dimensions, clock, units and declared fill that the genuine file gives it."""
    genuine, made = cdflib.CDF(shared / "archive" / GENUINE[product]), cdflib.CDF(files(root, product)[0])
    info = genuine.cdf_info()
    for name in made.cdf_info().zVariables:
        assert name in info.zVariables + info.rVariables
        ours, theirs = made.varinq(name), genuine.varinq(name)
        assert ours.Data_Type_Description == theirs.Data_Type_Description, name
        assert ours.Rec_Vary == theirs.Rec_Vary, name
        assert list(ours.Dim_Sizes) == [n for n in theirs.Dim_Sizes if n], name
        attributes, expected = made.varattsget(name), genuine.varattsget(name)
        for key in ("DEPEND_0", "FILLVAL"):
            if key in attributes and key in expected:
                assert attributes[key] == expected[key], (name, key)
        if ours.Data_Type_Description not in ("CDF_INT4", "CDF_INT1", "CDF_INT2") and "UNITS" in expected:
            assert attributes["UNITS"] == expected["UNITS"], name


def test_files_say_that_they_are_simulated(root):
    for path in root.rglob("*.cdf"):
        assert "SIMULATED" in cdflib.CDF(path).globalattsget()["TEXT"][0]


def test_moments_of_3dp_carry_no_attributes(root):
    cdf = cdflib.CDF(files(root, "WI_PM_3DP")[0])
    assert all(not cdf.varattsget(name) for name in cdf.cdf_info().zVariables)


@pytest.mark.parametrize(
    ("product", "spacecraft", "clock", "vector", "name", "after_stamp_s", "fill"),
    [
        ("AC_H0_MFI", "ace", "Epoch", "BGSEc", "b", 8, -1e31),
        ("AC_H0_SWE", "ace", "Epoch", "V_GSE", "v", 32, -1e31),
        ("WI_H0_MFI", "wind", "Epoch3", "B3GSE", "b", 0, -1e31),
        ("WI_PM_3DP", "wind", "Epoch", "P_VELS", "v", 0, np.nan),
    ],
)
def test_a_plain_reader_finds_what_was_measured(
    draw, root, product, spacecraft, clock, vector, name, after_stamp_s, fill
):
    seen, paths = measure(draw, spacecraft, product), files(root, product)
    if product == "WI_PM_3DP":
        seen = seen.isel(time=~seen["lost"].values)  # what was lost left no record
    centre_ms = column(paths, clock) + after_stamp_s * 1e3 - UNIX_EPOCH_MS
    assert np.array_equal(centre_ms, seen["time"].values.astype("int64") / 1e6)
    found = column(paths, vector)
    lost, flagged = seen["lost"].values, seen["flagged"].values
    kept = ~lost & ~flagged
    assert np.array_equal(found[kept], seen[name].values[kept].astype("f4"))
    assert np.all(found[lost] == np.float32(fill))
    assert np.all(found[flagged] == WRONG)
    for path in paths:  # each stamp is in the file of its day
        stamps = column([path], clock) - UNIX_EPOCH_MS
        assert set((stamps // 86400e3 * 86400e3).astype("int64").astype("M8[ms]").astype(str)) == {
            f"{path.stem[-12:-8]}-{path.stem[-8:-6]}-{path.stem[-6:-4]}T00:00:00.000"
        }


def test_swe_uses_its_own_fills_and_flags(draw, root):
    paths = files(root, "WI_H1_SWE")
    seen = measure(draw, "wind", "WI_H1_SWE")
    seen = seen.isel(time=~seen["lost"].values)
    n, flag = column(paths, "Proton_Np_nonlin"), column(paths, "fit_flag")
    assert np.array_equal(n == 1e5, seen["lost_density"].values)
    assert np.array_equal(flag == 0, seen["flagged"].values)
    assert set(column(paths, "year")) == {2001 - 2048}  # one byte, as in the genuine files
    edges = draw.truth["boundaries"]["wind"]
    rope = (seen["time"] > np.datetime64(edges["ejecta_start"])) & (seen["time"] < np.datetime64(edges["ejecta_end"]))
    w = column(paths, "Proton_W_nonlin")[rope.values & (flag == 10)]
    # k T = m w^2 / 2: 4e4 K in the rope is 25.7 km/s
    assert np.median(w) == pytest.approx(25.7, rel=0.005)
    radii = np.stack([column(paths, f"{axis}gse") for axis in "xyz"], axis=1)
    np.testing.assert_allclose(radii * 6378, seen["position"].values, rtol=1e-6)


def test_averages_of_mfi_stand_on_their_own_clocks(draw, root):
    paths = files(root, "WI_H0_MFI")
    minute = column(paths, "Epoch") - UNIX_EPOCH_MS
    assert np.all(minute % 60e3 == 30e3)
    assert np.all((column(paths, "Epoch1") - UNIX_EPOCH_MS) % 3600e3 == 1800e3)
    seen = measure(draw, "wind", "WI_H0_MFI")
    k = 500
    inside = np.abs(seen["time"].values.astype("int64") / 1e6 - minute[k]) < 30e3
    inside &= ~seen["lost"].values
    np.testing.assert_allclose(column(paths, "BGSE")[k], seen["b"].values[inside].mean(axis=0), rtol=1e-5)
    expected = draw.series["wind"]["position"].interp(time=(minute[k] * 1e6).astype("int64").astype("M8[ns]"))
    np.testing.assert_allclose(column(paths, "PGSE")[k] * 6378, expected, rtol=1e-5)
    flagged = seen["flagged"].values
    assert (column(paths, "SPC_MODE") == 3).sum() == len(np.unique(seen["time"].values[flagged].astype("M8[m]")))


@pytest.mark.parametrize(("spacecraft", "products"), [("ace", {}), ("wind", {}), ("wind", WIND_SWE)])
def test_loaded_from_files_or_observed_in_memory_is_the_same(draw, tmp_path, spacecraft, products):
    settings = draw.settings.model_copy(update={"products": products})
    same = type(draw)(settings, draw.series, draw.truth)
    write_archive(same, tmp_path / "archive")
    event = read_events(CONFIGS / "demo.csv")["demo"]
    manifest = archive.fetch(
        event, spacecraft, archive=str(tmp_path / "archive"), data=tmp_path / "data", settings=Fetch(), search_s=7200
    )
    window = datetime(2001, 12, 28), datetime(2002, 1, 1)
    loaded = load.load(manifest, tmp_path / "data", "demo", spacecraft, Load(), *window)
    observed = observe(same, spacecraft)
    assert set(loaded.data_vars) == set(observed.data_vars)
    for key in ("product_field", "product_plasma", "accumulation_mag_s", "accumulation_plasma_s"):
        assert loaded.attrs[key] == observed.attrs[key]
    for name in set(observed.data_vars) - {"position"}:
        clock = observed[name].dims[0]
        records = loaded[clock].values
        assert np.isin(records, observed[clock].values).all()
        assert observed[name].drop_sel({clock: records}).isnull().all()  # without a record, without a value
        # one float32 in each direction; the alpha ratio is a quotient of two, temperature of 3DP and SWE is converted
        np.testing.assert_allclose(loaded[name].values, observed[name].sel({clock: records}).values, rtol=3e-7)
    where = loaded["position"].interp(time_orbit=observed["time_orbit"], method="linear").dropna("time_orbit")
    there = observed["position"].sel(time_orbit=where["time_orbit"])
    assert float(np.abs(where - there).max()) < 20  # km: a float32 of 1.5e6 km, and minute means of a drift


def test_the_same_settings_give_the_same_bytes(draw, root, tmp_path):
    again = realise(draw.settings)
    for path in write_archive(again, tmp_path):
        assert path.read_bytes() == (root / path.relative_to(tmp_path)).read_bytes()


def test_a_failed_file_leaves_nothing_behind(draw, tmp_path, monkeypatch):
    def broken(part):
        yield from ()
        raise OSError("disk full")

    layout = LAYOUTS["AC_H0_SWE"]
    monkeypatch.setitem(LAYOUTS, "AC_H0_SWE", type(layout)(layout.source, layout.data_type, layout.descriptor, broken))
    with pytest.raises(OSError, match="disk full"):
        write_archive(draw, tmp_path)
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and "ac_h0_swe" in p.name]


def test_small_archives_hold_only_what_was_asked_for(tmp_path):
    settings = Settings(
        spacecraft=("ace",), before_h=1, sheath_h=0, ejecta_h=6, after_h=1, waves={"duration_h": 2}, sampling_s=8.0
    )
    paths = write_archive(realise(settings), tmp_path)
    assert [path.name for path in paths] == ["ac_h0_mfi_20011229_v01.cdf", "ac_h0_swe_20011229_v01.cdf"]


def test_the_demo_is_the_simulators_default_and_its_table_says_so():
    configured = read_settings(yaml.safe_load((CONFIGS / "demo.yaml").read_text("utf-8")))
    assert configured.simulate == Settings()
    with open(CONFIGS / "demo.csv", encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == event_rows(configured.simulate)
    crossing = read_events(CONFIGS / "demo.csv")["demo"].reference
    assert crossing.ejecta_start == datetime(2001, 12, 29, 13)
