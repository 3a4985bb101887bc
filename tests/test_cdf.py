"""Epochs against integer arithmetic, published leap seconds and other packages; damage told from data."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from cdf_files import epochs, write_cdf
from hypothesis import given
from hypothesis import strategies as st

from pipeline import cdf
from pipeline.missions import ace, wind

MFI = ace.PRODUCTS["AC_H1_MFI"]
SWE = ace.PRODUCTS["AC_H0_SWE"]


def test_refcase_tt2000_around_a_leap_second(shared):
    """Exact before and after the leap second of 2016; inside it nothing raises and nothing runs backwards."""
    case = json.loads((shared / "refcases" / "07_tt2000_leap_second" / "expected.json").read_text())
    time = cdf.from_tt2000(np.array(case["tt2000"]))
    outside = [k for k, text in enumerate(case["utc"]) if ":60" not in text]
    assert (time[outside] == np.array(case["utc"], dtype=object)[outside].astype("datetime64[ns]")).all()
    assert (np.diff(time) >= np.timedelta64(0)).all()
    pair = case["unixtime_before_after"]
    assert time[0].astype("int64") / 1e9 == pair["unix"]
    assert time[3].astype("int64") / 1e9 == pair["unix2"]
    assert time[2] < time[3]  # the sample at midnight keeps its own stamp


def test_refcase_ace_key_parameters(shared):
    """A genuine ACE file read to its listed values: 1e-4 nT (they are printed to that), times exact."""
    folder = shared / "refcases" / "08_ace_k2_mfi_cdf"
    expected = np.genfromtxt(folder / "expected.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    found = cdf.read(folder / "ac_k2_mfi_20220101_v03.cdf", ("Epoch", "BGSEc", "Magnitude", "Weight"))
    assert (found["Epoch"] == expected["utc"].astype("datetime64[ns]")).all()
    columns = np.column_stack([expected[f"B{c}_gse_nT"] for c in "xyz"])
    assert np.abs(found["BGSEc"] - columns).max() < 1e-4
    assert np.abs(found["Magnitude"] - expected["Bmag_nT"]).max() < 1e-4
    assert (found["Weight"] == expected["weight"]).all()


def test_leap_seconds_are_those_of_the_iers():
    """The table that the IAU's ERFA library ships, from 1972 on."""
    import erfa

    table = [row for row in erfa.leap_seconds.get() if row["year"] >= 1972]
    days = np.array([f"{row['year']}-{row['month']:02d}-01" for row in table], dtype="datetime64[ns]")
    assert (days == cdf.LEAP_DAYS).all()
    assert [round(float(row["tai_utc"])) for row in table] == list(cdf.TAI_MINUS_UTC_S)


@given(st.lists(st.integers(-(10**18), 10**18), min_size=1, max_size=50))
def test_tt2000_never_runs_backwards(values):
    """Any instants from 1968 to 2031, in order, stay in order; 1 s of TT is never more than 1 s of UTC."""
    tt = np.sort(np.array(values))
    time = cdf.from_tt2000(tt)
    assert (np.diff(time) >= np.timedelta64(0)).all()
    step = (cdf.from_tt2000(tt + 10**9) - time).astype("int64")
    assert ((step >= 0) & (step <= 10**9)).all()


@pytest.mark.parametrize("text", ["1994-11-12T16:00:00", "2003-11-20T11:48:00.123456789", "2023-01-02T00:00:13"])
def test_tt2000_agrees_with_cdflib(text):
    from cdflib import cdfepoch

    time = np.datetime64(text, "ns")
    whole = datetime.fromisoformat(text[:19])
    ns = int(time.astype("int64") % 10**9)
    parts = [whole.year, whole.month, whole.day, whole.hour, whole.minute, whole.second]
    tt = cdfepoch.compute_tt2000([*parts, ns // 10**6, ns // 10**3 % 10**3, ns % 10**3])
    assert cdf.from_tt2000(np.array([tt]))[0] == time


@given(st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)))
def test_epoch_is_exact_to_the_millisecond(moment):
    """Against Python's own integer calendar; 1e6 times a double of milliseconds would be off by up to 128 ns."""
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    milliseconds = (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1) + cdf.MS_TO_1970
    assert cdf.from_epoch(np.array([float(milliseconds)]))[0] == np.datetime64(moment, "ns")


@given(st.floats(cdf.MS_TO_1970, cdf.MS_TO_2262 - 1))
def test_epoch_is_the_nearest_nanosecond_to_the_double(milliseconds):
    """Against rational numbers: no more than half a nanosecond off."""
    found = int(cdf.from_epoch(np.array([milliseconds]))[0].astype("int64"))
    assert abs(found - 10**6 * (Fraction(milliseconds) - cdf.MS_TO_1970)) <= Fraction(1, 2)


def test_epoch_keeps_fractions_of_a_millisecond(shared):
    """3DP stamps lie between milliseconds: its unix time variable says the same to the double's microsecond."""
    path = next((shared / "archive" / "wind" / "3dp").rglob("*.cdf"))
    found = cdf.read(path, ("Epoch", "TIME"))
    assert np.abs(found["Epoch"].astype("int64") / 1e9 - found["TIME"]).max() < 1e-5
    assert (found["Epoch"].astype("int64") % 10**6 != 0).any()


def test_epoch16_counts_picoseconds():
    seconds = (datetime(2003, 11, 20, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    pair = np.array([seconds + cdf.MS_TO_1970 / 1e3 + 1j * 123_456_789_000])
    assert cdf.from_epoch16(pair)[0] == np.datetime64("2003-11-20T00:00:00.123456789", "ns")


@pytest.mark.parametrize(
    ("convert", "fills"),
    [
        (cdf.from_epoch, [-1e31, 0.0, np.nan]),
        (cdf.from_epoch16, [-1e31 - 1e31j, 0.0]),
        (cdf.from_tt2000, [-(2**63), -(2**63) + 1]),
    ],
)
def test_filled_stamps_are_missing(convert, fills):
    assert np.isnat(convert(np.array(fills))).all()


def test_float32_fills_are_found():
    """-1e31 as float32 is -9.9999998e30: equality with the double misses it."""
    values = np.array([-1e31, -1e30, -9.9e29, np.nan, 5.0], dtype=np.float32)
    assert (values.astype(float) != -1e31).all()
    assert list(cdf.missing(values.astype(float))) == [True, True, False, True, False]
    assert list(cdf.missing(np.array([99999.9, 1e5, -450.0]), 9.99e4)) == [True, True, False]


def test_empty_and_single_record_variables(tmp_path, shared):
    """AC_H0_MFI has a variable without records; one record keeps its record axis."""
    path = next((shared / "archive" / "ace" / "mag" / "level_2_cdaweb" / "mfi_h0").rglob("*.cdf"))
    assert cdf.read(path, ("Time_PB5",))["Time_PB5"].shape == (0, 3)
    single = {"Epoch": epochs("2003-11-20", 1, 16), "BGSEc": np.ones((1, 3), "f4"), "Q_FLAG": np.zeros(1, "i4")}
    found = cdf.read(write_cdf(tmp_path / "one.cdf", single), single)
    assert {name: values.shape for name, values in found.items()} == {"Epoch": (1,), "BGSEc": (1, 3), "Q_FLAG": (1,)}


def test_only_what_is_asked_for_is_read(shared):
    path = next((shared / "archive" / "wind" / "swe").rglob("*.cdf"))
    assert set(cdf.read(path, ("Epoch", "fit_flag", "no such variable"))) == {"Epoch", "fit_flag"}


def test_genuine_files_are_whole(shared):
    """CDF versions 2.6 and 3, r- and z-variables, compressed and plain: each states its own size."""
    paths = sorted((shared / "archive").rglob("*.cdf"))
    products = [*ace.PRODUCTS.values(), *wind.PRODUCTS.values()]
    for path in paths:
        assert 0 <= path.stat().st_size - cdf.stated_size(path) < 100
        tag = "_".join(path.name.split("_")[:3])
        product = next(p for p in products if p.path.rpartition("/")[2].startswith(tag))
        cdf.verify(path, product, datetime.strptime(path.name.split("_")[3], "%Y%m%d").date())
    assert len(paths) >= 12


@pytest.fixture
def whole(shared):
    return next((shared / "archive").rglob("ac_h1_mfi_20031120_v99.cdf"))


DAY = datetime(2003, 11, 20).date()


@pytest.mark.parametrize("fraction", [0.0, 0.0005, 0.01, 0.5, 0.99])
def test_truncated_files_are_refused(whole, tmp_path, fraction):
    body = whole.read_bytes()
    path = tmp_path / "cut.cdf"
    path.write_bytes(body[: int(len(body) * fraction)])
    with pytest.raises(cdf.CdfError, match=r"cut\.cdf: (truncated|not a)"):
        cdf.verify(path, MFI, DAY)


@pytest.mark.parametrize("seed", range(20))
def test_overwritten_blocks_are_refused(whole, tmp_path, seed):
    """A block of random bytes anywhere past the magic number: structure, stamps or magnitudes give it away.

    Six such bytes of ten could be a plausible float each, but not a hundred in a row.
    """
    rng = np.random.default_rng(seed)
    body = bytearray(whole.read_bytes())
    start = rng.integers(8, len(body) - 2000)
    body[start : start + 2000] = rng.bytes(2000)
    path = tmp_path / "damaged.cdf"
    path.write_bytes(bytes(body))
    try:
        cdf.verify(path, MFI, DAY)
    except cdf.CdfError:
        return
    # What passes must read as the original does: the block fell on attributes, which nothing here depends on.
    original, found = cdf.read(whole, MFI.variables), cdf.read(path, MFI.variables)
    assert all(np.array_equal(original[name], found[name]) for name in MFI.variables)


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"", b"\0" * 400])
def test_what_is_no_cdf_is_refused(tmp_path, body):
    path = tmp_path / "page.cdf"
    path.write_bytes(body)
    with pytest.raises(cdf.CdfError, match=r"page\.cdf: not a CDF file"):
        cdf.verify(path, MFI, DAY)
    with pytest.raises(cdf.CdfError, match=r"page\.cdf: not a readable CDF"):
        cdf.read(path, ("Epoch",))


def test_another_product_or_day_is_refused(whole):
    with pytest.raises(cdf.CdfError, match="not a AC_H0_SWE file: no variable V_GSE, Np, Tpr"):
        cdf.verify(whole, SWE, DAY)
    with pytest.raises(cdf.CdfError, match=r"Epoch holds 2003-11-20T00:00:00[.0]*, which is not on 2003-11-25"):
        cdf.verify(whole, MFI, datetime(2003, 11, 25).date())
