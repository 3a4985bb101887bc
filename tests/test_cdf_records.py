"""Numbers from a CDF's records: what was written, and what two other readers find in genuine files, bit by bit."""

import importlib.util
import struct

import numpy as np
import pytest
from cdf_files import write_cdf

from pipeline import cdf
from pipeline import cdf_records as records

COUNT = 50
KINDS = {1: "i1", 2: "i2", 4: "i4", 8: "i8", 11: "u1", 12: "u2", 14: "u4", 21: "f4", 22: "f8", 31: "f8", 33: "i8"}
KINDS |= {41: "i1", 44: "f4", 45: "f8"}
SHAPES = ((), (3,), (2, 4), (2, 3, 4))


def numbers(kind: int, shape: tuple[int, ...] = (), count: int = COUNT) -> np.ndarray:
    raw = np.random.default_rng(kind).bytes(count * int(np.prod(shape)) * np.dtype(KINDS[kind]).itemsize)
    return np.frombuffer(raw, KINDS[kind]).reshape(count, *shape)  # any bits, NaN among them


def written(path, variables, **whole):
    """A file of `variables`: name to (spec, values)."""
    from cdflib.cdfwrite import CDF

    cdf = CDF(str(path), cdf_spec={"Compressed": 0, **whole}, delete=True)
    for name, (spec, values) in variables.items():
        shape = {} if "Dim_Sizes" in spec else {"Dim_Sizes": list(values.shape[1:])}
        cdf.write_var({"Variable": name, "Num_Elements": 1, "Rec_Vary": True} | shape | spec, var_data=values)
    cdf.close()
    return path


def found(path, names=None):
    opened = records.opened(path)
    return {name: records.values(opened, v) for name, v in records.variables(opened, names).items()}


def assert_same(values, expected):
    """Equal to the last bit, of a NaN too, in this machine's byte order."""
    assert values.shape == expected.shape
    assert values.dtype == expected.dtype.newbyteorder("=")
    assert values.tobytes() == expected.astype(values.dtype).tobytes()


@pytest.mark.parametrize("encoding", ["network", "sun", "ibmpc", "alphaosf1"])
@pytest.mark.parametrize("compress", [0, 6])
@pytest.mark.parametrize("whole", [0, 5])
def test_every_type_and_shape_is_read_as_written(tmp_path, encoding, compress, whole):
    codes = {"network": 1, "sun": 2, "ibmpc": 6, "alphaosf1": 13}
    made = {
        f"v{kind} {len(shape)}": ({"Data_Type": kind, "Compress": compress}, numbers(kind, shape))
        for kind in KINDS
        for shape in SHAPES
    }
    path = written(tmp_path / "all.cdf", made, Majority="row_major", Encoding=codes[encoding], Compressed=whole)
    for name, values in found(path).items():
        assert_same(values, made[name][1])


def test_column_major_records_are_turned_round(tmp_path):
    """The writer takes the numbers in the order in which they are to lie in the file."""
    values = {f"v{len(shape)}": numbers(45, shape) for shape in SHAPES}
    lying = {name: np.ascontiguousarray(v.transpose(0, *range(v.ndim - 1, 0, -1))) for name, v in values.items()}
    made = {name: ({"Data_Type": 45, "Dim_Sizes": list(values[name].shape[1:])}, lying[name]) for name in values}
    path = written(tmp_path / "column.cdf", made, Majority="column_major")
    assert not records.opened(path).row_major
    for name, found_values in found(path).items():
        assert_same(found_values, values[name])


def test_rarer_variables_are_read_as_written(tmp_path):
    """R-variables of which a dimension does not vary, one value for all records, texts, no records."""
    texts = np.array(["ab", "cde", ""])
    made = {
        "r": ({"Data_Type": 44, "Var_Type": "rVariable", "Dim_Vary": [True, False]}, numbers(44, (2,))),
        "once": ({"Data_Type": 44, "Rec_Vary": False, "Dim_Sizes": [3]}, numbers(44, (3,), 1)[0]),
        "text": ({"Data_Type": 51, "Num_Elements": 4, "Dim_Sizes": []}, texts),
        "none": ({"Data_Type": 44, "Dim_Sizes": [3]}, None),
    }
    values = found(written(tmp_path / "rare.cdf", made, Majority="row_major", rDim_sizes=[2, 5]))
    assert values["text"].tolist() == [text.encode() for text in texts]
    assert values["none"].shape == (0, 3)
    for name in ("r", "once"):
        assert_same(values[name], made[name][1])


def test_many_blocks_below_indices_of_indices_are_joined(tmp_path):
    values = np.arange(500_000, dtype="f8").reshape(500, 1000)
    path = written(tmp_path / "blocks.cdf", {"v": ({"Data_Type": 45, "Compress": 1}, values)}, Majority="row_major")
    opened = records.opened(path)
    index = records.variables(opened)["v"].index
    assert len(list(records.blocks(opened, index, set()))) > 50
    _, _, _, places, _ = opened.record(index, (records.VXR,), records.VXR_FIELDS)
    opened.record(*opened.fields(index + 28 + 8 * places, "o"), (records.VXR,))
    assert_same(found(path)["v"], values)


def test_a_file_that_ends_while_it_is_read_is_damaged(tmp_path, monkeypatch):
    path = written(tmp_path / "short.cdf", {"v": ({"Data_Type": 45}, numbers(45))})
    monkeypatch.setattr(records.os, "read", lambda file, size, whole=records.os.read: whole(file, size - 1))
    size = path.stat().st_size
    with pytest.raises(cdf.CdfError, match=f"{size - 1} of {size} bytes"):
        cdf.read(path, ["v"])


def test_a_disk_may_give_a_file_in_parts(tmp_path, monkeypatch):
    made = {"v": ({"Data_Type": 45}, numbers(45, (3,)))}
    path = written(tmp_path / "parts.cdf", made)
    monkeypatch.setattr(records.os, "read", lambda file, size, read=records.os.read: read(file, min(size, 100)))
    assert_same(found(path)["v"], made["v"][1])


def test_a_pair_of_doubles_is_an_epoch16(tmp_path):
    """The writer counts such records twice; so a pair is written, and its descriptor altered to say what it is."""
    values = numbers(45, (2,))
    path = written(tmp_path / "epoch16.cdf", {"v": ({"Data_Type": 45}, values)}, Majority="row_major")
    body, (at,) = bytearray(path.read_bytes()), z_descriptors(records.opened(path))
    body[at + 20 : at + 24] = struct.pack(">i", 32)
    body[at + 340 + 8 : at + 340 + 12] = struct.pack(">i", 0)  # the dimension does not vary
    path.write_bytes(body)
    assert_same(found(path)["v"], values.view("c16")[:, 0])


def z_descriptors(opened):
    _, _, _, head, *_, count, _, _, _, _ = opened.record(opened.gdr, (records.GDR,), records.GDR_FIELDS)
    return [at for at, _ in opened.chain(head, count, records.Z_VDR)]


@pytest.mark.parametrize("kind", ["pad_sparse", "prev_sparse"])
@pytest.mark.parametrize("pad", [None, -7.0])
def test_absent_records_are_padded_as_the_file_says(tmp_path, kind, pad):
    physical, values = [1, 2, 5, 6, 9], numbers(2, (3,), 5).astype("f4")
    spec = {"Data_Type": 44, "Sparse": kind, "Dim_Sizes": [3]} | ({"Pad": np.float32(pad)} if pad else {})
    path = written(tmp_path / "sparse.cdf", {"v": (spec, [physical, values])}, Majority="row_major")
    expected = np.full((10, 3), np.float32(pad or -1e30))
    expected[physical] = values
    if kind == "prev_sparse":
        for absent in (3, 4, 7, 8):
            expected[absent] = expected[absent - 1]
    assert_same(found(path)["v"], expected)


@pytest.mark.parametrize("changed", [{"Encoding": 3}, {"Encoding": 99}])
def test_numbers_of_other_machines_are_refused(tmp_path, changed):
    path = written(tmp_path / "vax.cdf", {"v": ({"Data_Type": 44}, numbers(44))}, Majority="row_major")
    body = bytearray(path.read_bytes())
    body[8 + 28 : 8 + 32] = struct.pack(">i", changed["Encoding"])
    path.write_bytes(body)
    with pytest.raises(records.Damaged, match=f"encoding {changed['Encoding']}, known are 1, 2"):
        records.opened(path)


def test_the_checksum_is_held_against_the_file_unless_told_otherwise(tmp_path):
    path = write_cdf(tmp_path / "sum.cdf", {"v": numbers(44)}, checksum=True)
    records.opened(path)
    body = bytearray(path.read_bytes())
    body[-40] ^= 1
    path.write_bytes(body)
    with pytest.raises(records.Damaged, match="checksum"):
        records.opened(path)
    records.opened(path, checksum=False)


def files(shared):
    return [*sorted((shared / "archive").rglob("*.cdf")), *sorted((shared / "refcases").rglob("*.cdf"))]


def with_cdflib(path):
    """Values of variables and stamps of epochs, by name; no stamps of cdflib, which drops fractions of a ms."""
    import cdflib

    file = cdflib.CDF(path)
    return lambda name: np.ravel(file.varget(name)), lambda name: None


def with_pycdfpp(path):
    import pycdfpp

    file = pycdfpp.load(str(path))

    def values(name):
        raw = np.ascontiguousarray(file[name].values).ravel()
        return raw.view(raw.dtype[0]) if raw.dtype.names else raw  # an epoch is a field of its own

    return values, lambda name: pycdfpp.to_datetime64(file[name]).ravel().astype("datetime64[ns]")


# pycdfpp comes with the extra "benchmarks".
READERS = [with_cdflib] + ([with_pycdfpp] if importlib.util.find_spec("pycdfpp") else [])


@pytest.mark.parametrize("reader", READERS)
def test_genuine_files_are_read_as_others_read_them(shared, reader):
    """Every number of every file; versions 2.6 to 3.9, r- and z-variables, compressed or not. Stamps to a nanosecond:
    halves, of which a double of milliseconds has some, are rounded to even here."""
    compared = {"values": 0, "stamps": 0}
    for path in files(shared):
        theirs, stamps = reader(path)
        times = {name: v for name, v in cdf.read(path, found(path)).items() if v.dtype.kind == "M"}
        for name, values in found(path).items():
            if values.dtype.kind != "S" and values.size:
                assert_same(values.ravel(), np.asarray(theirs(name)))
                compared["values"] += 1
            if name in times and stamps(name) is not None:
                assert np.abs((times[name] - stamps(name)).astype("int64")).max(initial=0) <= 1
                compared["stamps"] += 1
    assert compared["values"] > 300
    assert compared["stamps"] >= (16 if reader is with_pycdfpp else 0)
