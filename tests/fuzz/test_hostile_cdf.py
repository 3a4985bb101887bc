"""Files that are whole and yet not what they should be: a right result with a counted reason, or one clear error."""

import json
import resource
import time
import zlib

import numpy as np
import pytest
from cdf_files import epochs, write_cdf
from fuzzing import COUNT, DAY, Seed, bounded, read, variables

from pipeline import cdf, cdf_records

FIELD, PLASMA = ("ace", "AC_H0_MFI"), ("ace", "AC_H0_SWE")


@pytest.fixture
def made(tmp_path):
    """What load makes of a product's made-up file after `change`."""

    def make(who, change=lambda data: data, **options):
        data = change(variables(who[1]))
        body = write_cdf(tmp_path / "written.cdf", data, **options).read_bytes()
        with bounded():
            return read(Seed("hostile", *who, DAY, body), body, tmp_path)

    return make


def removed(ds, name):
    return json.loads(ds.attrs["removed"])[name]


@pytest.mark.parametrize(
    ("who", "change", "says"),
    [
        (FIELD, lambda d: d | {"BGSEc": d["BGSEc"][:, :2]}, r"BGSEc is float32 \(200, 2\), expected real \(200, 3\)"),
        (FIELD, lambda d: d | {"BGSEc": d["BGSEc"][:, 0]}, r"BGSEc is float32 \(200,\), expected real \(200, 3\)"),
        (FIELD, lambda d: d | {"BGSEc": d["BGSEc"][:50]}, r"BGSEc is float32 \(50, 3\), expected real \(200, 3\)"),
        (FIELD, lambda d: d | {"Epoch": d["Epoch"][:50]}, r"expected \w+ \(50"),
        (FIELD, lambda d: d | {"BGSEc": d["BGSEc"].astype("i4")}, "BGSEc is int32"),
        (FIELD, lambda d: d | {"Q_FLAG": d["Q_FLAG"].astype("f4")}, "Q_FLAG is float32"),
        (PLASMA, lambda d: d | {"Np": np.tile(d["Np"][:, None], 3)}, r"Np is float32 \(200, 3\)"),
        (PLASMA, lambda d: {k: v for k, v in d.items() if k != "Np"}, "no variable Np"),
        (FIELD, lambda d: variables("AC_H0_SWE"), "not a AC_H0_MFI file: no variable BGSEc, Q_FLAG"),
        (FIELD, lambda d: d | {"Epoch": epochs("2003-11-25", COUNT, 16)}, "which is not on 2003-11-20"),
        (FIELD, lambda d: d | {"BGSEc": d["BGSEc"] * np.float32(1e20)}, r"BGSEc holds values above 1e\+12"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(made, who, change, says):
    with pytest.raises(cdf.CdfError, match=rf"ace\.cdf: .*{says}"):
        made(who, change)


def test_an_epoch_that_is_no_epoch_is_refused(made):
    with pytest.raises(cdf.CdfError, match=r"Epoch is float64 \(200,\), expected times"):
        made(FIELD, epoch_type=45)


@pytest.mark.parametrize(
    ("who", "name", "text"),
    [(FIELD, "BGSEc", "T"), (PLASMA, "V_GSE", "m/s"), (PLASMA, "Np", "m^-3"), (PLASMA, "Tpr", "eV")],
)
def test_other_units_are_refused(made, who, name, text):
    with pytest.raises(cdf.CdfError, match=rf"{name} has UNITS '.*', expected"):
        made(who, units={name: text})


@pytest.mark.parametrize("units", [None, {"BGSEc": "nT"}, {"BGSEc": "NT "}, {"BGSEc": "see the notes"}])
def test_own_units_or_none_are_taken(made, units):
    assert int(made(FIELD, units=units).b.notnull().sum()) == 3 * COUNT


def test_other_units_without_a_word_are_beyond_belief_and_counted(made):
    ds = made(PLASMA, lambda d: d | {"V_GSE": d["V_GSE"] * 1000})
    assert ds.v.isnull().all()
    assert removed(ds, "v") == {"beyond belief": COUNT}
    assert ds.n.notnull().all()


@pytest.mark.parametrize("fill", [-1e31, -9.9e30, np.nan, np.inf, -np.inf])
def test_any_fill_is_missing_and_counted(made, fill):
    def change(data):
        data["BGSEc"][7, 1] = fill
        return data

    ds = made(FIELD, change)
    assert np.flatnonzero(ds.b.isnull().any("component")).tolist() == [7]
    assert removed(ds, "b") == {"fill": 1}


def test_a_fill_that_nobody_told_of_is_not_believed(made):
    """-99999.9, as some files of other archives have it: no plasma moves or is as dense as that."""

    def change(data):
        data["V_GSE"][3], data["Np"][4], data["Tpr"][5] = -99999.9, -99999.9, -99999.9
        return data

    ds = made(PLASMA, change)
    assert [int(ds[name].isnull().sum()) for name in ("v", "n", "temperature")] == [3, 1, 1]
    assert removed(ds, "v") == {"beyond belief": 1}
    assert removed(ds, "n") == {"not positive": 1}


def test_time_backwards_duplicated_and_absent_is_put_right_and_counted(made):
    def change(data):
        data = {name: values[::-1].copy() for name, values in data.items()}
        data["Epoch"][10] = data["Epoch"][11]
        data["Epoch"][20:23] = np.nan, -1e31, 0.0
        return data

    ds = made(FIELD, change)
    assert (np.diff(ds.time_mag) > np.timedelta64(0)).all()
    assert ds.b.shape == (COUNT - 4, 3)
    assert removed(ds, "b") == {"backwards": COUNT - 4, "duplicate": 1, "no time": 3}
    whole = made(FIELD)
    for k in (0, 100, COUNT - 5):
        same = whole.b.sel(time_mag=ds.time_mag[k])
        assert (same == ds.b[k]).all()


def test_every_stamp_absent_is_a_result_without_data(made):
    ds = made(FIELD, lambda d: d | {"Epoch": np.full(COUNT, -1e31)})
    assert ds.b.isnull().all()
    assert removed(ds, "b") == {"no time": COUNT}
    assert ds.attrs["reason_field"] == "AC_H0_MFI has no sample inside the event's window"


def test_a_leap_second_in_the_data(tmp_path):
    """TT2000, a vector a second over the end of 2016: the one at 23:59:60 is kept, before midnight and in its place."""
    leap = 536_500_868_184_000_000  # 2016-12-31T23:59:60 UTC
    data = variables("WI_H0_MFI")
    data["Epoch3"] = leap + (np.arange(COUNT) - 150) * 10**9
    data["Epoch"] = leap + (np.arange(COUNT) - 190) * 60 * 10**9
    body = write_cdf(tmp_path / "leap.cdf", data, epoch_type=33).read_bytes()
    ds = read(Seed("leap", "wind", "WI_H0_MFI", DAY.replace(2016, 12, 31), body), body, tmp_path)
    steps_ns = np.diff(ds.time_mag.values).astype("int64")
    assert len(ds.time_mag) == 151
    assert (steps_ns[:-1] == 10**9).all()
    assert steps_ns[-1] == 10**9 - 1
    assert (ds.b.values == data["B3GSE"][:151]).all()


def test_optional_variables_without_records_are_as_absent(made):
    ds = made(FIELD, lambda d: d | {"SC_pos_GSE": np.zeros((0, 3), "f4")})
    assert ds.position.isnull().all()
    assert ds.b.notnull().all()


def packed_zeros(pieces):
    """The beginning of a gzip stream of `pieces` times 16 MB of zeros, each packed apart and hence alike."""
    machine = zlib.compressobj(9, zlib.DEFLATED, cdf_records.GZIP)
    first, other = (machine.compress(bytes(2**24)) + machine.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + other * (pieces - 1)


def test_a_bomb_among_the_values_is_refused_unread(tmp_path):
    """The block of the field is replaced by one that unpacks to 2 GB; the memory of this process must not follow."""
    records = cdf_records.opened(write_cdf(tmp_path / "bomb.cdf", variables("AC_H0_MFI"), compress=9))
    body, field = bytearray(records.body), cdf_records.variables(records)["BGSEc"]
    ((_, _, at, _, _),) = cdf_records.blocks(records, field.index, set())
    packed = packed_zeros(128)
    # The block goes to the end of the file, and its size into its header and that of the file; the index points to it.
    block = (24 + len(packed)).to_bytes(8, "big") + (13).to_bytes(4, "big") + bytes(4) + len(packed).to_bytes(8, "big")
    place = bytes(body).find(at.to_bytes(8, "big"), field.index)
    body[place : place + 8] = len(body).to_bytes(8, "big")
    body = bytes(body) + block + packed
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(cdf.CdfError, match="does not hold the 2400 bytes that it should"), bounded():
        read(Seed("bomb", *FIELD, DAY, body), body, tmp_path)
    assert time.monotonic() - begin < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_a_bomb_around_the_file_is_refused(tmp_path):
    body = bytearray(write_cdf(tmp_path / "bomb.cdf", variables("AC_H0_MFI"), compress_file=9).read_bytes())
    packed = packed_zeros(32)
    head = body[:8] + (32 + len(packed)).to_bytes(8, "big") + body[16:20]
    for stated in (2**29, 5000):
        whole = bytes(head + (40 + len(packed) - 8).to_bytes(8, "big") + stated.to_bytes(8, "big") + bytes(4) + packed)
        with pytest.raises(cdf.CdfError, match=r"more than any day has|does not hold the 5000 bytes"), bounded():
            read(Seed("bomb", *FIELD, DAY, whole), whole, tmp_path)


def descriptors(records, *names):
    """Offsets of the descriptors of z-variables."""
    _, _, _, head, *_, count, _, _, _, _ = records.record(records.gdr, (cdf_records.GDR,), cdf_records.GDR_FIELDS)
    chain = records.chain(head, count, cdf_records.Z_VDR, cdf_records.VDR_NAME)
    return [at for at, (*_, name) in chain if name.rstrip(b"\0") in names]


@pytest.mark.parametrize("count", [2**31 - 1, -1, 2**24])
def test_more_records_than_the_file_can_hold_are_refused(tmp_path, count):
    """The number of records in the descriptor of the field is a lie."""
    records = cdf_records.opened(write_cdf(tmp_path / "many.cdf", variables("AC_H0_MFI")))
    body, (at,) = bytearray(records.body), descriptors(records, b"BGSEc")
    body[at + 24 : at + 28] = (count % 2**32).to_bytes(4, "big")
    with pytest.raises(cdf.CdfError, match="BGSEc"), bounded():
        read(Seed("many", *FIELD, DAY, bytes(body)), bytes(body), tmp_path)


def test_records_in_a_circle_are_refused(tmp_path):
    """The index of the field names itself as the next: a reader would follow for ever."""
    records = cdf_records.opened(write_cdf(tmp_path / "circle.cdf", variables("AC_H0_MFI")))
    body, index = bytearray(records.body), cdf_records.variables(records)["BGSEc"].index
    body[index + 12 : index + 20] = index.to_bytes(8, "big")
    with pytest.raises(cdf.CdfError, match="circle"), bounded():
        read(Seed("circle", *FIELD, DAY, bytes(body)), bytes(body), tmp_path)


def altered(tmp_path, alter):
    """What a made-up file of ACE's field ends in after `alter(records, body)`."""
    records = cdf_records.opened(write_cdf(tmp_path / "altered.cdf", variables("AC_H0_MFI")))
    body = bytearray(records.body)
    alter(records, body)
    with bounded():
        return read(Seed("altered", *FIELD, DAY, bytes(body)), bytes(body), tmp_path)


def test_more_in_all_than_a_day_can_have_is_refused_unread(tmp_path):
    """No variable is too large, all together are."""

    def alter(records, body):
        for at in descriptors(records, b"Epoch", b"BGSEc", b"SC_pos_GSE"):
            body[at + 24 : at + 28] = (6_000_000).to_bytes(4, "big")

    with pytest.raises(cdf.CdfError, match="bytes are more than any day has"):
        altered(tmp_path, alter)


@pytest.mark.parametrize("count", [3, 5, 0])
def test_a_wrong_number_of_variables_is_refused(tmp_path, count):
    """Four there are; with one too few, an optional one would be lost without a word."""

    def alter(records, body):
        at = records.gdr + records.width("oiooooiiii")
        assert body[at : at + 4] == (4).to_bytes(4, "big")
        body[at : at + 4] = count.to_bytes(4, "big")

    with pytest.raises(cdf.CdfError, match=r"more than 3 records|no record of type 8|no variable Epoch, BGSEc"):
        altered(tmp_path, alter)


def test_two_variables_of_a_name_are_refused(tmp_path):
    def alter(records, body):
        (at,) = descriptors(records, b"SC_pos_GSE")
        body[at + 84 : at + 94] = b"BGSEc".ljust(10, b"\0")

    with pytest.raises(cdf.CdfError, match="two variables BGSEc"):
        altered(tmp_path, alter)


def test_one_stamp_for_all_records_is_refused(tmp_path):
    """The flag that a variable varies by record is lost."""

    def alter(records, body):
        (at,) = descriptors(records, b"Epoch")
        body[at + 44 : at + 48] = (int.from_bytes(body[at + 44 : at + 48], "big") & ~1).to_bytes(4, "big")

    with pytest.raises(cdf.CdfError, match=r"Epoch is datetime64\[ns\] \(\), expected times \(1,\)"):
        altered(tmp_path, alter)


def test_a_block_listed_for_ever_is_read_once(tmp_path):
    """An index that names one compressed block a hundred thousand times, each for later records, ends at the last."""
    body = bytearray(write_cdf(tmp_path / "again.cdf", variables("AC_H0_MFI"), compress=9).read_bytes())
    records = cdf_records.opened(tmp_path / "again.cdf")
    ((_, _, at, _, _),) = cdf_records.blocks(records, cdf_records.variables(records)["BGSEc"].index, set())
    (descriptor,) = descriptors(records, b"BGSEc")
    body[descriptor + 28 : descriptor + 36] = len(body).to_bytes(8, "big")
    many = 100_000
    first = np.arange(many) * COUNT
    columns = (first, ">i4"), (first + COUNT - 1, ">i4"), (np.full(many, at), ">i8")
    entries = b"".join(column.astype(kind).tobytes() for column, kind in columns)
    head = (28 + len(entries)).to_bytes(8, "big") + (6).to_bytes(4, "big") + bytes(8) + 2 * many.to_bytes(4, "big")
    begin, body = time.monotonic(), bytes(body) + head + entries
    with bounded():
        ds = read(Seed("again", *FIELD, DAY, body), body, tmp_path)
    assert ds.b.notnull().all()
    assert time.monotonic() - begin < 5
