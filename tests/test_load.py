"""Loading against plain cdflib values of genuine files, a published catalogue, and files written with known faults."""

import importlib
import json
from datetime import date
from pathlib import Path

import cdflib
import numpy as np
import pytest
from cdf_files import epochs, write_cdf

from pipeline import frames, provenance, schema
from pipeline.config import Load
from pipeline.constants import BOLTZMANN, EARTH_RADIUS_KM, KELVIN_PER_EV, PROTON_MASS
from pipeline.load import LoadError, hampel, load

NO_SETTINGS = Load()


def manifest(root: Path, spacecraft: str, days: list[str], field: str | None = None, plasma: str | None = None) -> dict:
    """What fetch returns, for files that lie in `root`."""
    products = importlib.import_module(f"pipeline.missions.{spacecraft}").PRODUCTS

    def entry(name):
        if name is None:
            return {"product": None, "reason": "none was asked for", "files": []}
        paths = [p for day in days for p in sorted(root.glob(products[name].pattern(date.fromisoformat(day))))]
        files = [{"path": p.relative_to(root).as_posix(), "sha256": provenance.sha256(p)} for p in paths]
        return {"product": name, "reason": "", "files": files}

    return {"field": entry(field), "plasma": entry(plasma)}


def load_day(root, spacecraft, day, settings=NO_SETTINGS, **products):
    start = np.datetime64(day, "D")
    files = manifest(root, spacecraft, [day], **products)
    return load(files, root, "test", spacecraft, settings, start, start + 1)


@pytest.fixture(scope="module")
def archive(shared):
    return shared / "archive"


@pytest.fixture(scope="module")
def plain(archive):
    """Variables of a genuine file by plain cdflib, as float64."""

    def read(pattern, *names):
        file = cdflib.CDF(next(archive.rglob(pattern)))
        return [np.asarray(file.varget(name), dtype=float) for name in names]

    return read


@pytest.fixture(scope="module")
def wind_2003(archive):
    return load_day(archive, "wind", "2003-11-20", field="WI_H0_MFI", plasma="WI_H1_SWE")


@pytest.fixture(scope="module")
def ace_2003(archive):
    days = ["2003-11-19", "2003-11-20", "2003-11-21"]
    files = manifest(archive, "ace", days, field="AC_H1_MFI", plasma="AC_H0_SWE")
    return load(files, archive, "2003-11-20", "ace", NO_SETTINGS, "2003-11-20T00:00", "2003-11-21T12:00")


def seconds_of_day(epoch):
    return (epoch - epoch[0] // 86_400_000 * 86_400_000) / 1e3


def removed(ds, name):
    return json.loads(ds.attrs["removed"])[name]


# Quirk 1: fills of WI_H1_SWE that its FILLVAL does not tell, and its fit flag.


def test_swe_fills_and_fit_flag(wind_2003, plain):
    flag, n, w, vx, alphas = plain(
        "wi_h1_swe*", "fit_flag", "Proton_Np_nonlin", "Proton_W_nonlin", "Proton_VX_nonlin", "Alpha_Na_nonlin"
    )
    inside = slice(0, len(wind_2003.time_plasma))  # the last spectrum of the file is centred on the next day
    flag, n, w, vx, alphas = (column[inside] for column in (flag, n, w, vx, alphas))
    bad = flag < 2
    assert bad.sum() in (547, 548)
    assert (wind_2003.n.isnull() == bad).all()
    assert (wind_2003.temperature.isnull() == (bad | (w > 9.9e4))).all()
    assert wind_2003.v.sel(component="x").values[~bad] == pytest.approx(vx[~bad])
    assert float(np.abs(wind_2003.v).max()) < 2000
    assert removed(wind_2003, "temperature") == {"fill": (w > 9.9e4).sum(), "flag": (bad & (w < 9.9e4)).sum()}
    ratio = wind_2003.alpha_ratio.values
    known = np.isfinite(ratio)
    assert ratio[known] == pytest.approx((alphas / n)[known])
    assert not (known & np.isin(flag, [0, 1, 2, 6, 7])).any()
    assert known.sum() > 100


def test_swe_thermal_speed_becomes_temperature(wind_2003, plain):
    """w^2 = 2 k T / m: 50 km/s is 1.514e5 K (hand calculation); scalar T is the trace (2 T_perp + T_par) / 3."""
    by_hand = PROTON_MASS * 5e4**2 / (2 * BOLTZMANN)
    assert by_hand == pytest.approx(1.514e5, rel=1e-3)
    (w,) = plain("wi_h1_swe*", "Proton_W_nonlin")
    known = np.isfinite(wind_2003.temperature.values)
    expected = 1.514e5 * (w[: known.size] / 50) ** 2
    assert wind_2003.temperature.values[known] == pytest.approx(expected[known], rel=1e-3)
    trace = (2 * wind_2003.temperature_perpendicular + wind_2003.temperature_parallel) / 3
    both = np.isfinite(trace.values) & known
    assert (trace / wind_2003.temperature).values[both] == pytest.approx(np.ones(both.sum()), rel=2e-3)


def test_swe_spectra_are_centred_and_slow(wind_2003, plain):
    """46 s later than the stamps; a spectrum every 97.2 s although 92 s are announced."""
    (epoch,) = plain("wi_h1_swe*", "Epoch")
    found = (wind_2003.time_plasma.values - np.datetime64("2003-11-20", "ns")) / np.timedelta64(1, "s")
    assert found == pytest.approx(seconds_of_day(epoch)[: len(found)] + 46.0, abs=1e-3)
    assert wind_2003.attrs["accumulation_plasma_s"] == pytest.approx(97.2, abs=0.1)


# Quirk 2: the product is what was asked for, whatever the file calls itself.


def test_product_is_what_was_asked_for(wind_2003, archive):
    """The files call themselves wind_vs_swe and wi_h0_mfi_00000000_v00."""
    own = cdflib.CDF(next(archive.rglob("wi_h1_swe*"))).globalattsget()["Logical_source"]
    assert own == ["wind_vs_swe"]
    assert wind_2003.attrs["product_plasma"] == "WI_H1_SWE"
    assert wind_2003.attrs["product_field"] == "WI_H0_MFI"
    sums = json.loads(wind_2003.attrs["source_files"])
    assert sums["wi_h0_mfi_20031120_v05.cdf"] == provenance.sha256(next(archive.rglob("wi_h0_mfi_20031120*")))


# Quirk 3: three clocks, centred stamps, Earth radii, integer fills.


@pytest.mark.parametrize(("day", "fills"), [("2003-11-20", 32), ("2020-01-01", 48)])
def test_wind_field_is_that_of_the_file(archive, plain, day, fills):
    ds = load_day(archive, "wind", day, field="WI_H0_MFI")
    epoch, field, orbit_epoch, place = plain(f"wi_h0_mfi_{day.replace('-', '')}*", "Epoch3", "B3GSE", "Epoch", "PGSE")
    found = (ds.time_mag.values - np.datetime64(day, "ns")) / np.timedelta64(1, "s")
    assert found == pytest.approx(seconds_of_day(epoch), abs=1e-6)
    assert found[0] == 1.5
    filled = (field < -1e30).any(axis=1)
    assert filled.sum() == fills
    assert (ds.b.isnull().any("component") == filled).all()
    assert np.array_equal(ds.b.values[~filled], field[~filled])
    assert removed(ds, "b") == {"fill": fills}
    assert ds.position.values == pytest.approx(place * EARTH_RADIUS_KM)
    assert (ds.time_orbit.values[0] - np.datetime64(day, "ns")) / np.timedelta64(1, "s") == 30.0
    assert len(ds.time_orbit) == len(orbit_epoch) == 1440
    assert ds.attrs["accumulation_mag_s"] == 3.0


def test_integer_fill_of_the_mode_is_no_bad_mode(archive):
    """WI_H3-RTN_MFI fills SPC_MODE with -2147483648 in 5 minutes, which says nothing about the field."""
    ds = load_day(archive, "wind", "2012-05-16", field="WI_H3-RTN_MFI")
    assert removed(ds, "b") == {"fill": 193}


def test_spacecraft_modes_without_useful_data(tmp_path):
    """Modes 3 and 4, told for a minute, take the twenty 3-s vectors of that minute; other modes and fills take none."""
    count = 100
    mode = np.array([1, 3, -1, 4, 2], "i4")
    data = {
        "Epoch3": epochs("2003-11-20T00:00:01.500", count, 3),
        "B3GSE": np.ones((count, 3), "f4"),
        "Epoch": epochs("2003-11-20T00:00:30", 5, 60),
        "PGSE": np.tile(np.float32([-210, -38, -13]), (5, 1)),
        "SPC_MODE": mode,
    }
    write_cdf(tmp_path / "wind/mfi/mfi_h0/2003/wi_h0_mfi_20031120_v01.cdf", data)
    ds = load_day(tmp_path, "wind", "2003-11-20", field="WI_H0_MFI")
    minute = np.arange(count) // 20
    assert (ds.b.isnull().all("component") == np.isin(mode[minute], [3, 4])).all()
    assert removed(ds, "b") == {"flag": 40}
    assert not ds.position.isnull().any()


# Quirk 4: rVariables, an empty variable, start stamps, an Epoch that its own VALIDMAX calls invalid.


def test_ace_field_is_that_of_the_file(archive, plain):
    ds = load_day(archive, "ace", "2023-01-02", field="AC_H0_MFI")
    epoch, field, place = plain("ac_h0_mfi*", "Epoch", "BGSEc", "SC_pos_GSE")
    found = (ds.time_mag.values - np.datetime64("2023-01-02", "ns")) / np.timedelta64(1, "s")
    assert found == pytest.approx(seconds_of_day(epoch)[: len(found)] + 8.0, abs=1e-6)
    # The file's last accumulation begins at 23:59:57 and is centred on the next day.
    assert len(found) == len(epoch) - 1 == 5399
    assert np.array_equal(ds.b.values, field[:-1])
    assert np.array_equal(ds.position.values, place[:-1])
    assert ds.attrs["accumulation_mag_s"] == 16.0
    limit = cdflib.CDF(next(archive.rglob("ac_h0_mfi*"))).varattsget("Epoch")["VALIDMAX"]
    assert (epoch > limit).all()


def test_ace_flags(tmp_path):
    """Q_FLAG 1 (manoeuvre) and 2 (bad) are no data; a position is not the magnetometer's business."""
    data = {
        "Epoch": epochs("2003-11-20", 4, 16),
        "BGSEc": np.ones((4, 3), "f4"),
        "SC_pos_GSE": np.full((4, 3), 1.5e6, "f4"),
        "Q_FLAG": np.array([0, 1, 2, -2147483648], "i4"),
    }
    write_cdf(tmp_path / "ace/mag/level_2_cdaweb/mfi_h0/2003/ac_h0_mfi_20031120_v01.cdf", data)
    ds = load_day(tmp_path, "ace", "2003-11-20", field="AC_H0_MFI")
    assert list(ds.b.isnull().all("component").values) == [False, True, True, True]
    assert removed(ds, "b") == {"flag": 3}
    assert len(ds.time_orbit) == 4


# Quirk 5: one range for a whole vector.


def test_positive_transverse_velocities_survive(wind_2003, ace_2003, archive):
    """VX_nonlin's range is -1800 to 0 and AC_H0_SWE's SPASE range of V_GSE -2000 to 0: no range is applied."""
    limits = cdflib.CDF(next(archive.rglob("wi_h1_swe*"))).varattsget("Proton_VX_nonlin")
    assert limits["VALIDMAX"] == 0.0
    for ds in (wind_2003, ace_2003):
        for component in "yz":
            assert (ds.v.sel(component=component) > 0).sum() > 100


# Quirk 6: 3DP without attributes, NaN fills, junk only marked by VALID.


def test_plsp_moments(archive, plain):
    ds = load_day(archive, "wind", "1999-03-29", plasma="WI_PLSP_3DP")
    names = ("DENSITY", "AVGTEMP", "VELOCITY", "VALID")
    n, t, v, valid = plain("wi_plsp*", *(f"MOM.P.{name}" for name in names))
    alphas, alpha_valid = plain("wi_plsp*", "MOM.A.DENSITY", "MOM.A.VALID")
    good = valid == 1
    assert (~good).sum() == 18
    assert (ds.n.notnull() == good).all()
    assert np.array_equal(ds.n.values[good], n[good])
    assert np.array_equal(ds.v.values[good], v[good])
    # 1 eV = 11604.5 K. 24 spectra that VALID calls good have a negative temperature: no measurement either.
    kelvin = np.where(t > 0, t * 11604.5, np.nan)
    assert np.count_nonzero(good & ~(t > 0)) == 24
    assert ds.temperature.values[good] == pytest.approx(kelvin[good], rel=1e-5, nan_ok=True)
    # Where no alphas were measured the file holds zeros: missing, not a ratio of zero.
    assert (alphas[alpha_valid == 0] == 0).all()
    assert (ds.alpha_ratio.notnull() == (good & (alpha_valid == 1))).all()
    assert float(ds.alpha_ratio.min()) > 0
    assert ds.attrs["accumulation_plasma_s"] == pytest.approx(195.6, abs=0.1)  # not the 24 s of its name


def test_plsp_temperature_agrees_with_its_thermal_speed(archive, plain):
    """The file's own VTHERMAL is sqrt(2 k T / m): the conversions of eV and of km/s give one temperature."""
    from pipeline.product import thermal_speed

    ds = load_day(archive, "wind", "1999-03-29", plasma="WI_PLSP_3DP")
    (speed,) = plain("wi_plsp*", "MOM.P.VTHERMAL")
    good = ds.temperature.notnull().values & (speed > 0)
    # The file takes the proton mass as 0.01043887 eV/(km/s)^2, CODATA's is 0.0104397.
    assert thermal_speed(speed)[good] == pytest.approx(ds.temperature.values[good], rel=1e-4)


def test_pm_moments(tmp_path):
    """WI_PM_3DP as the archive describes it: VALID, eV, fills; alphas that are zero or filled are not measured."""
    count = 6
    data = {
        "Epoch": epochs("2003-11-20T00:00:00", count, 3.05),
        "P_DENS": np.array([5, 5, -1e31, 0, 5, 5], "f4"),
        "P_VELS": np.tile(np.float32([-450, 20, -10]), (count, 1)),
        "P_TEMP": np.full(count, 10, "f4"),
        "A_DENS": np.array([0.2, 0.2, 0.2, 0.2, 0, -1e31], "f4"),
        "VALID": np.array([1, 0, 1, 1, 1, 1], "i2"),
    }
    data["P_VELS"][5, 1] = -1e31
    write_cdf(tmp_path / "wind/3dp/3dp_pm/2003/wi_pm_3dp_20031120_v05.cdf", data)
    ds = load_day(tmp_path, "wind", "2003-11-20", plasma="WI_PM_3DP")
    assert list(ds.n.notnull().values) == [True, False, False, False, True, True]
    assert list(ds.alpha_ratio.notnull().values) == [True, False, False, False, False, False]
    assert float(ds.alpha_ratio[0]) == pytest.approx(0.04)
    assert float(ds.temperature[0]) == pytest.approx(10 * KELVIN_PER_EV)
    assert list(ds.v.isnull().sum("component").values) == [0, 3, 0, 0, 0, 1]  # one filled component is one component
    assert removed(ds, "n") == {"fill": 1, "not positive": 1, "flag": 1}
    assert ds.attrs["accumulation_plasma_s"] == pytest.approx(3.05)


# Quirk 7: files that go back in time.


def test_times_are_sorted_and_unique(tmp_path):
    """Steps back of 47 s, a block out of order and a day's last record told again by the next file."""
    first = np.array([0, 64, 17, 128, 320, 384, 192, 256, 448.0])
    epoch = epochs("2003-11-20", 1, 1) + first * 1e3
    data = {"Epoch": epoch, "V_GSE": np.tile(first[:, None], 3).astype("f4"), "Np": 1 + first.astype("f4")}
    data |= {"Tpr": np.full(9, 1e5, "f4"), "alpha_ratio": np.full(9, -1e31, "f4")}
    data["Np"][-1] = -1e31
    folder = tmp_path / "ace/swepam/level_2_cdaweb/swe_h0/2003"
    write_cdf(folder / "ac_h0_swe_20031120_v01.cdf", data)
    again = {name: values[-1:].copy() for name, values in data.items()}
    again["Np"][0] = 449
    write_cdf(folder / "ac_h0_swe_20031121_v01.cdf", again)
    files = manifest(tmp_path, "ace", ["2003-11-20", "2003-11-21"], plasma="AC_H0_SWE")
    ds = load(files, tmp_path, "test", "ace", NO_SETTINGS, "2003-11-20", "2003-11-21")
    expected = np.sort(first)
    assert (ds.time_plasma.values - np.datetime64("2003-11-20T00:00:32", "ns")) / np.timedelta64(
        1, "s"
    ) == pytest.approx(expected)
    assert ds.v.sel(component="x").values == pytest.approx(expected)
    assert ds.n.values == pytest.approx(1 + expected)  # of the duplicates the one that has a density
    assert removed(ds, "v") == {"backwards": 3, "duplicate": 1}
    assert removed(ds, "n") == {"backwards": 3, "duplicate": 1, "fill": 1}


# Quirk 8 (float32 fills) is in every case above; the scalar test is in test_cdf.


def test_stamps_without_time_are_dropped(tmp_path):
    data = {"Epoch": epochs("2003-11-20", 3, 16), "BGSEc": np.ones((3, 3), "f4"), "Q_FLAG": np.zeros(3, "i4")}
    data["Epoch"][1] = -1e31
    write_cdf(tmp_path / "ace/mag/level_2_cdaweb/mfi_h3/2003/ac_h3_mfi_20031120_v01.cdf", data)
    ds = load_day(tmp_path, "ace", "2003-11-20", field="AC_H3_MFI")
    assert len(ds.time_mag) == 2
    assert "start of each second" in ds.b.attrs["note"]


# The great cloud, and what a catalogue says about it.


def minutes(values):
    return values.resample(time_mag="1min").mean()


def strength(ds):
    return np.sqrt((ds.b**2).sum("component", skipna=False))


def test_great_cloud_at_both_spacecraft(ace_2003, wind_2003, shared):
    """20 November 2003, about 56 nT at L1. ICMECAT's maximum at Wind, 56.3 nT, comes from its own 1-min grid."""
    assert float(strength(ace_2003).max()) == pytest.approx(56.0, abs=1.0)
    row = catalogue_row(shared)
    cloud = wind_2003.sel(time_mag=slice(row["mo_start_time"].rstrip("Z"), None))
    assert float(minutes(strength(cloud)).max()) == pytest.approx(row["mo_bmax"], abs=0.3)


def test_southward_field_of_the_great_cloud(wind_2003, shared):
    """ICMECAT's components are those of HEEQ and RTN: its minimum of B_z is our B_N to 3 %, and 8 % off our GSE B_z."""
    place = wind_2003.position.interp(time_orbit=wind_2003.time_mag, kwargs={"fill_value": "extrapolate"}).values
    normal = wind_2003.b.copy(data=frames.to_rtn(wind_2003.b.values, place, wind_2003.time_mag.values))
    published = catalogue_row(shared)["mo_bzmin"]
    assert float(minutes(normal[:, 2]).min()) == pytest.approx(published, rel=0.03)
    assert float(minutes(wind_2003.b[:, 2]).min()) < 1.07 * published


def catalogue_row(shared):
    import pandas as pd

    table = pd.read_csv(shared / "catalogues" / "HELIO4CAST_ICMECAT_v23.csv").set_index("icmecat_id")
    return table.loc["ICME_Wind_NASA_20031120_01"]


def test_catalogued_place_of_wind(wind_2003, shared):
    """ICMECAT gives Wind's distance from the Sun, HEEQ longitude and latitude for this event, to the printed digits."""
    row = catalogue_row(shared)
    start = np.datetime64(row["mo_start_time"].rstrip("Z"), "ns")
    place = wind_2003.position.sel(time_orbit=start, method="nearest").values[None]
    longitude, latitude, distance = frames.heliographic(place, np.array([start]))
    assert distance[0] / 149_597_870.7 == pytest.approx(row["mo_sc_heliodistance"], abs=1e-4)
    assert longitude[0] == pytest.approx(row["mo_sc_long_heeq"], abs=0.01)
    assert latitude[0] == pytest.approx(row["mo_sc_lat_heeq"], abs=0.05)


def test_repackaged_plasma_meets_the_field(ace_2003):
    """The 4-min averages of 2003-11-20: centred at 120 s and every 240 s on both clocks."""
    assert (ace_2003.time_mag.values == ace_2003.time_plasma.values).all()
    assert ace_2003.time_mag.values[0] == np.datetime64("2003-11-20T00:02:00", "ns")
    assert ace_2003.attrs["accumulation_mag_s"] == ace_2003.attrs["accumulation_plasma_s"] == 240.0
    assert ace_2003.alpha_ratio.isnull().all()
    assert removed(ace_2003, "alpha_ratio") == {"fill": ace_2003.sizes["time_plasma"]}
    assert "radial" in ace_2003.temperature.attrs["note"]


# RTN.


def test_rtn_field_is_turned_to_gse(archive, plain):
    """Without a position the spacecraft is taken to be at the Earth; turned back there, the file's vectors return."""
    ds = load_day(archive, "wind", "2012-05-16", field="WI_H3-RTN_MFI")
    (rtn,) = plain("wi_h3-rtn*", "B3RTN")
    known = (rtn > -1e30).all(axis=1)
    time = ds.time_mag.values
    back = frames.to_rtn(ds.b.values, np.zeros((len(time), 3)), time)
    assert back[known] == pytest.approx(rtn[known], abs=1e-5)
    assert ds.b.isnull().any("component").values.tolist() == (~known).tolist()
    assert ds.b.attrs["frame"] == "GSE"
    assert ds.b.sel(component="x").values[known] == pytest.approx(-rtn[known, 0], abs=1e-5)


def test_rtn_field_uses_the_position_of_the_plasma_file(tmp_path):
    """RTN of a spacecraft 200 Re off the Sun-Earth line is turned by half a degree against that at the Earth."""
    vector = np.tile(np.float32([3.0, -4.0, 5.0]), (4, 1))
    field = {"Epoch3": epochs("2012-05-16T00:00:01.5", 4, 3), "B3RTN": vector}
    field |= {"Epoch": epochs("2012-05-16T00:00:30", 1, 60), "SPC_MODE": np.ones(1, "i4")}
    write_cdf(tmp_path / "wind/mfi/mfi_h3-rtn/2012/wi_h3-rtn_mfi_20120516_v05.cdf", field)
    protons = {f"Proton_{name}_nonlin": np.full(3, 20, "f4") for name in ("VX", "VY", "VZ", "Np", "W")}
    place = {"xgse": np.full(3, 50, "f4"), "ygse": np.full(3, 200, "f4"), "zgse": np.full(3, 10, "f4")}
    plasma = {"Epoch": epochs("2012-05-16", 3, 92), "fit_flag": np.full(3, 10, "i1"), **protons, **place}
    write_cdf(tmp_path / "wind/swe/swe_h1/2012/wi_h1_swe_20120516_v01.cdf", plasma)
    ds = load_day(tmp_path, "wind", "2012-05-16", field="WI_H3-RTN_MFI", plasma="WI_H1_SWE")
    km = np.tile([50.0, 200.0, 10.0], (4, 1)) * EARTH_RADIUS_KM
    assert frames.to_rtn(ds.b.values, km, ds.time_mag.values) == pytest.approx(vector, abs=1e-6)
    assert ds.attrs["position_from"] == "WI_H1_SWE"
    at_earth = frames.to_rtn(ds.b.values, 0 * km, ds.time_mag.values)
    turned = np.degrees(np.arccos(np.sum(at_earth * vector, axis=1) / np.sum(vector**2, axis=1)))
    assert turned == pytest.approx(np.full(4, 0.4), abs=0.1)


# Missing instruments, wrong files, the file on disk.


def test_missing_instruments_are_a_result(tmp_path):
    ds = load_day(tmp_path, "wind", "2003-11-20")
    schema.check(ds, "raw")
    assert all(ds[name].isnull().all() for name in schema.RAW)
    assert [ds.sizes[f"time_{clock}"] for clock in ("mag", "plasma", "orbit")] == [1, 1, 1]
    assert ds.attrs["product_field"] == ds.attrs["product_plasma"] == ds.attrs["position_from"] == ""
    assert ds.attrs["reason_field"] == "none was asked for"
    assert np.isnan(ds.attrs["accumulation_mag_s"])


def test_files_without_a_sample_in_the_window_say_so(archive):
    files = manifest(archive, "wind", ["2003-11-20"], field="WI_H0_MFI")
    ds = load(files, archive, "test", "wind", NO_SETTINGS, "2003-11-22", "2003-11-23")
    assert ds.attrs["reason_field"] == "WI_H0_MFI has no sample inside the event's window"
    assert ds.b.isnull().all()


def test_wrong_file_is_named(tmp_path):
    data = {"Epoch": epochs("2003-11-20", 3, 16), "BGSM": np.ones((3, 3), "f4")}
    write_cdf(tmp_path / "ace/mag/level_2_cdaweb/mfi_h0/2003/ac_h0_mfi_20031120_v01.cdf", data)
    with pytest.raises(LoadError, match=r"^test, ace: .*_v01\.cdf: not a AC_H0_MFI file: no variable BGSEc, Q_FLAG"):
        load_day(tmp_path, "ace", "2003-11-20", field="AC_H0_MFI")


@pytest.mark.parametrize("which", ["both", "field only", "nothing"])
def test_raw_file_keeps_everything(tmp_path, archive, wind_2003, which):
    ds = {
        "both": lambda: wind_2003,
        "field only": lambda: load_day(archive, "ace", "2023-01-02", field="AC_H0_MFI"),
        "nothing": lambda: load_day(tmp_path, "ace", "2003-11-20"),
    }[which]()
    provenance.write(ds, tmp_path / "raw.nc", "load", {}, NO_SETTINGS)
    back = provenance.read(tmp_path / "raw.nc")
    schema.check(back, "raw")
    assert back.equals(ds)
    assert all(
        np.array_equal(back.attrs[name], value, equal_nan=isinstance(value, float)) for name, value in ds.attrs.items()
    )


# Outliers.


def test_no_outlier_is_removed_unless_asked_for(tmp_path):
    rng = np.random.default_rng(1)
    field = rng.normal(5, 0.1, (400, 3))
    field[[50, 200], 1] += 40
    data = {"Epoch": epochs("2003-11-20", 400, 16), "BGSEc": field.astype("f4"), "Q_FLAG": np.zeros(400, "i4")}
    write_cdf(tmp_path / "ace/mag/level_2_cdaweb/mfi_h0/2003/ac_h0_mfi_20031120_v01.cdf", data)
    kept = load_day(tmp_path, "ace", "2003-11-20", field="AC_H0_MFI")
    assert not kept.b.isnull().any()
    cleaned = load_day(tmp_path, "ace", "2003-11-20", field="AC_H0_MFI", settings=Load(outlier_sigma=10))
    assert np.flatnonzero(cleaned.b.isnull().all("component")).tolist() == [50, 200]
    assert removed(cleaned, "b") == {"outlier": 2}


def test_hampel_keeps_shocks_and_constants():
    """A step is half of its window, so no outlier; values that do not vary tell no scale and lose nothing."""
    time = np.datetime64("2003-11-20", "ns") + np.arange(300) * np.timedelta64(3, "s")
    rng = np.random.default_rng(2)
    step = np.where(np.arange(300) < 150, 5.0, 20.0) + rng.normal(0, 0.1, 300)
    assert not hampel(time, step, 8.0, 60.0).any()
    assert not hampel(time, np.where(np.arange(300) == 150, 9.0, 5.0), 6.0, 60.0).any()


def test_hampel_rate_on_noise_is_that_of_the_normal_distribution():
    """3 sigma of white noise is exceeded by 0.27 %; medians of 41 samples scatter, which triples that at most."""
    time = np.datetime64("2003-11-20", "ns") + np.arange(50_000) * np.timedelta64(3, "s")
    noise = np.random.default_rng(3).normal(0, 1, 50_000)
    assert 0.002 < hampel(time, noise, 3.0, 123.0).mean() < 0.008
