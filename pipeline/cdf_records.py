"""The internal records of a CDF file: found, checked, and turned into numbers, by one walk.

Offsets, counts and sizes in a file are claims. A reader that trusts them can be led round in circles, asked for more
memory than there is, or left with zeros where a block of records is missing. Here each one is checked where it is
followed, in time and memory that grow with the file's size, and only what the asked variables need is looked at.
Layout: CDF Internal Format Description, versions 2.5 to 3.
"""

import functools
import hashlib
import itertools
import math
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

CDR, GDR, R_VDR, ADR, R_ENTRY, VXR, VVR, Z_VDR, Z_ENTRY, CCR, CVVR = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13
START = 8  # behind the magic numbers
COMPRESSED = "cccc0001"
TYPES = {1: "i1", 2: "i2", 4: "i4", 8: "i8", 11: "u1", 12: "u2", 14: "u4", 21: "f4", 22: "f8", 31: "f8", 32: "c16"}
TYPES |= {33: "i8", 41: "i1", 44: "f4", 45: "f8", 51: "S", 52: "S"}
# Byte order by the file's encoding (network, Sun, ... and DECstation, PC, ...); the others are of VAX, and no IEEE.
ORDER = dict.fromkeys((1, 2, 5, 7, 9, 11, 12, 18), ">") | dict.fromkeys((4, 6, 13, 16, 17, 19), "<")
ROW_MAJOR, ONE_FILE, CHECKSUM = 1, 2, 12  # flags of the file: checksum, and that it is MD5
BY_RECORD, HAS_PAD = 1, 2  # flags of a variable
WHOLE, PAD, PREVIOUS = 0, 1, 2  # a variable's records are all there, or what stands for those that are not
PADS = {"f": -1e30, "c": complex(-1e30, -1e30), "S": b" "}  # where the file has none; integers: the lowest but one
LARGEST = 2**27  # bytes of all variables asked for: seven times a day of stamps and vectors at 11 Hz
GZIP = 31  # zlib's code for a gzip header
MAX_DIMS, MAX_DEPTH = 10, 8
# Fields of records, size and type first, then the link where they form a chain: i has 4 bytes, o is an offset, n a
# name, capitals are passed over. A z-variable has its own number of dimensions behind the other fields.
HEADER, LINKED, CDR_FIELDS, CCR_FIELDS, GDR_FIELDS = "oi", "oio", "oioiiii", "oiooi", "oiooooiiiiioiii"
VDR_NAME, VDR_FIELDS, Z_VDR_FIELDS = "oioIIOOIIIIIIIOIn", "OIOiioOiiIIIiiOIN", "OIOiioOiiIIIiiOINi"
ADR_FIELDS, ENTRY_FIELDS, ENTRY_TEXT = "oiooIIiIIoiIIn", "oioIiii", "oioiiiiiiiii"
VXR_FIELDS, CVVR_FIELDS = "oioii", "OIIo"


class Damaged(ValueError):
    """Records do not fit together; the message says which."""


@functools.lru_cache
def layout(wide: bool, form: str) -> struct.Struct:
    """Big-endian fields; offsets have 8 bytes and names 256 in version 3 (`wide`), or else 4 and 64."""
    codes = {"o": "q", "O": "8x", "n": "256s", "N": "256x"} if wide else {"o": "i", "O": "4x", "n": "64s", "N": "64x"}
    return struct.Struct(">" + "".join((codes | {"I": "4x"}).get(letter, letter) for letter in form))


class Records(NamedTuple):
    """The bytes of an uncompressed CDF, its version's width, and how it keeps numbers; `gdr`: its global record."""

    body: bytes
    wide: bool
    order: str = ">"
    row_major: bool = True
    gdr: int = 0

    def width(self, form: str) -> int:
        return layout(self.wide, form).size

    def fields(self, at: int, form: str) -> tuple:
        """Fields from `at` on."""
        if at < START:
            raise Damaged(f"a record at byte {at}")
        return layout(self.wide, form).unpack_from(self.body, at)

    def record(self, at: int, kinds: tuple[int, ...], form: str = HEADER) -> tuple:
        """Size, type and first fields of the record at `at`, which must be one of `kinds` and end inside the file."""
        record = layout(self.wide, form)
        fields = record.unpack_from(self.body, at)
        if at < START or fields[1] not in kinds or fields[0] < record.size or at + fields[0] > len(self.body):
            raise Damaged(f"no record of type {kinds[0]} at byte {at}")
        return fields

    def chain(self, head: int, count: int, kind: int, form: str = LINKED) -> Iterator[tuple[int, tuple]]:
        """Offset, and size, type, link and fields (`form`), of `count` records, each linked to the next one.

        The last must be linked to none, which a circle does not have, and `count` is bound by the file's size.
        """
        link = layout(self.wide, form)
        unpack, width, body, end, at = link.unpack_from, link.size, self.body, len(self.body), head
        if not 0 <= count <= end // width:
            raise Damaged(f"{count} records of type {kind}")
        for _ in range(count):
            fields = unpack(body, at)
            if at < START or fields[1] != kind or fields[0] < width or at + fields[0] > end:
                raise Damaged(f"no record of type {kind} at byte {at}")
            yield at, fields
            at = fields[2]
        if count and at:
            raise Damaged(f"more than {count} records of type {kind}, or a circle of them")


class Variable(NamedTuple):
    """A variable as its descriptor says; `last` is the number of its last record, -1 if there is none.

    `kind` is its CDF data type, `shape` that of a record, `pad` the bytes of what stands in missing records.
    """

    name: str
    number: int
    is_z: bool
    kind: int
    dtype: np.dtype
    shape: tuple[int, ...]
    by_record: bool
    last: int
    index: int
    sparse: int
    pad: bytes
    record_bytes: int


def opened(path: str | Path, *, checksum: bool = True) -> Records:
    """The file's records; raises Damaged, struct.error, zlib.error or OSError, as everything here does.

    `checksum`: hold the file against its own checksum, if it has one.
    """
    body = contents(path)
    records = unpacked(body)
    _, _, gdr, version, release, encoding, flags = records.record(START, (CDR,), CDR_FIELDS)
    if version != (3 if records.wide else 2) or (version, release) < (2, 5) or not flags & ONE_FILE:
        raise Damaged(f"version {version}.{release} with flags {flags}, known are single files of 2.5 to 3")
    if encoding not in ORDER:
        raise Damaged(f"numbers in encoding {encoding}, known are {', '.join(map(str, sorted(ORDER)))}")
    if checksum and flags & CHECKSUM == CHECKSUM:
        view = memoryview(body)
        if hashlib.md5(view[:-16], usedforsecurity=False).digest() != view[-16:]:
            raise Damaged("the checksum (MD5) of the file is not the one that it holds")
    return Records(records.body, records.wide, ORDER[encoding], bool(flags & ROW_MAJOR), gdr)


def contents(path: str | Path) -> bytes:
    """All bytes of a file, by as few calls of the system as there can be."""
    file = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(file).st_size
        body = os.read(file, size)
        while len(body) < size and (more := os.read(file, size - len(body))):  # network disks may give parts
            body += more
    finally:
        os.close(file)
    if len(body) != size:
        raise Damaged(f"{len(body)} of {size} bytes can be read")
    return body


def unpacked(body: bytes) -> Records:
    """The records of a file with these bytes, inflated to the size that they state where they are compressed."""
    outer = Records(body, wide=body[:4].hex() == "cdf30001")
    if body[4:8].hex() != COMPRESSED:
        return outer
    size, _, _, stated, _ = outer.record(START, (CCR,), CCR_FIELDS)
    packed = body[START + outer.width(CCR_FIELDS) : START + size]
    return Records(body[:4] + b"\0\0\xff\xff" + inflated(packed, stated), outer.wide)


def inflated(packed: bytes, size: int) -> bytes:
    """`packed` (gzip), which must give `size` bytes; no more than that is unpacked, however much there is."""
    if not 0 <= size <= LARGEST:
        raise Damaged(f"{size} bytes in one piece are more than any day has")
    machine = zlib.decompressobj(GZIP)
    body = machine.decompress(packed, size + 1)
    if len(body) != size or not machine.eof:
        raise Damaged(f"a compressed block does not hold the {size} bytes that it should")
    return body


def variables(records: Records, names: Iterable[str] | None = None) -> dict[str, Variable]:
    """Descriptions of the variables `names` (None: of all); those that the file does not have are left out."""
    _, _, r_head, z_head, _, _, r_count, _, _, r_dims, z_count, *_ = records.record(records.gdr, (GDR,), GDR_FIELDS)
    r_sizes = dimensions(records, records.gdr + records.width(GDR_FIELDS), r_dims)
    wanted, found = None if names is None else {name.encode() for name in names}, {}
    for kind, head, count, sizes in ((R_VDR, r_head, r_count, r_sizes), (Z_VDR, z_head, z_count, None)):
        for at, (_, _, _, raw) in records.chain(head, count, kind, VDR_NAME):
            name, _, _ = raw.partition(b"\0")
            if wanted is None or name in wanted:
                name = name.decode("utf-8", "replace")
                if name in found:
                    raise Damaged(f"two variables {name}")
                found[name] = described(records, at, name, sizes)
    size = sum((variable.last + 1) * variable.record_bytes for variable in found.values())
    if size > LARGEST:
        raise Damaged(f"{size} bytes are more than any day has")
    return found


def dimensions(records: Records, at: int, count: int) -> tuple[int, ...]:
    """`count` sizes of dimensions from `at` on."""
    if not 0 <= count <= MAX_DIMS:
        raise Damaged(f"{count} dimensions")
    return records.fields(at, "i" * count) if count else ()


def described(records: Records, at: int, name: str, r_sizes: tuple[int, ...] | None) -> Variable:
    """The variable of the descriptor at `at`; `r_sizes`: dimensions of all r-variables, None for a z-variable."""
    form = Z_VDR_FIELDS if r_sizes is None else VDR_FIELDS
    kind, last, index, flags, sparse, elements, number, *dims = records.fields(at, form)
    after, sizes = at + records.width(form), r_sizes
    if sizes is None:
        sizes = dimensions(records, after, *dims)
        after += 4 * len(sizes)
    shape = tuple(itertools.compress(sizes, records.fields(after, "i" * len(sizes)))) if sizes else ()
    dtype = number_type(records.order, kind, elements)
    start = after + 4 * len(sizes)
    pad = records.body[start : start + dtype.itemsize] if sparse and flags & HAS_PAD else b""
    size, by_record = dtype.itemsize * math.prod(shape), bool(flags & BY_RECORD)
    if last < -1 or (shape and min(shape) < 1) or (last + 1) * size > LARGEST:
        raise Damaged(f"{name} has {last + 1} records of {shape} {dtype}")
    if sparse not in (WHOLE, PAD, PREVIOUS):
        raise Damaged(f"{name} is sparse in a way {sparse}")
    return Variable(name, number, r_sizes is None, kind, dtype, shape, by_record, last, index, sparse, pad, size)


@functools.lru_cache
def number_type(order: str, kind: int, elements: int) -> np.dtype:
    """numpy's type of the CDF data type `kind` in byte `order`; only texts have several `elements`."""
    code = TYPES.get(kind, "")
    if not code or (code == "S" and not 0 < elements <= LARGEST) or (code != "S" and elements != 1):
        raise Damaged(f"no data type {kind} of {elements} elements")
    return np.dtype(f"{order}{code}{elements if code == 'S' else ''}")


@functools.lru_cache
def native(dtype: np.dtype) -> np.dtype:
    """The type in this machine's byte order."""
    return dtype.newbyteorder("=")


def values(records: Records, variable: Variable) -> np.ndarray:
    """What a variable holds (record, ...), in this machine's byte order; (...) where it does not vary by record.

    Raises Damaged unless its blocks hold every record once, in order, each of the right length.
    """
    count = (variable.last if variable.by_record else min(variable.last, 0)) + 1
    pieces = held(records, variable, count) if count else []
    if variable.sparse:
        whole = with_absent(variable, pieces, count)
    elif len(pieces) == 1:
        whole = pieces[0][1]
    else:
        whole = np.concatenate([np.empty((0, *variable.shape), variable.dtype), *(piece for _, piece in pieces)])
    whole = whole[:count].astype(native(variable.dtype))  # a copy: aligned, and the file's bytes are let go
    if variable.by_record:
        return whole
    if not count:
        raise Damaged("it has no record")
    return whole[0]


def held(records: Records, variable: Variable, count: int) -> list[tuple[int, np.ndarray]]:
    """First record and values of each block that holds some of the first `count` records; only sparse ones may lack."""
    expected, pieces = 0, []
    for first, last, at, size, kind in blocks(records, variable.index, set()):
        if first >= count:  # written ahead
            break
        hole = first > expected and not variable.sparse
        if hole or first < expected or last < first:
            raise Damaged(f"records {first} to {last} follow record {expected - 1}")
        pieces.append((first, numbers_at(records, variable, at, size, kind, last - first + 1)))
        expected = last + 1
    if expected < count and not variable.sparse:
        raise Damaged(f"{expected} of {count} records")
    return pieces


def blocks(records: Records, at: int, seen: set[int], depth: int = 0) -> Iterator[tuple[int, int, int, int, int]]:
    """First record, last record, offset, size and type of every block below the index at `at`."""
    while at:
        if at in seen or depth > MAX_DEPTH:
            raise Damaged(f"the index at byte {at} goes round in a circle")
        seen.add(at)
        size, _, after, places, used = records.record(at, (VXR,), VXR_FIELDS)
        index = index_layout(used, places, records.wide) if 0 <= used <= places <= size else None
        if index is None or index.size > size:
            raise Damaged(f"the index at byte {at} has {used} of {places} entries")
        numbers = index.unpack_from(records.body, at)
        for first, last, offset in zip(numbers, numbers[used:], numbers[2 * used :], strict=False):
            size, kind = records.record(offset, (VXR, VVR, CVVR))
            if kind == VXR:
                yield from blocks(records, offset, seen, depth + 1)
            else:
                yield first, last, offset, size, kind
        at = after


@functools.lru_cache
def index_layout(used: int, places: int, wide: bool) -> struct.Struct:
    """First records, last records and offsets of the `used` ones among the `places` of an index, which it ends with."""
    head, spare = layout(wide, VXR_FIELDS).size, places - used
    form, bytes_each = ("q", 8) if wide else ("i", 4)
    return struct.Struct(f">{head}x{used}i{4 * spare}x{used}i{4 * spare}x{used}{form}{bytes_each * spare}x")


def numbers_at(records: Records, variable: Variable, at: int, whole: int, kind: int, count: int) -> np.ndarray:
    """The `count` records of the block at `at`, which must be all that it holds, inflated where it is compressed."""
    size, body = count * variable.record_bytes, records.body
    if kind == CVVR:
        (packed,) = records.fields(at, CVVR_FIELDS)
        start = at + records.width(CVVR_FIELDS)
        body, start = inflated(body[start : min(start + packed, at + whole)], size), 0
    else:
        start = at + records.width(HEADER)
        if at + whole - start != size:
            raise Damaged(f"a block of {at + whole - start} bytes where {size} are needed")
    numbers = np.frombuffer(body, variable.dtype, size // variable.dtype.itemsize, start)
    if not variable.shape:
        return numbers
    if records.row_major or len(variable.shape) < 2:
        return numbers.reshape(count, *variable.shape)
    return np.moveaxis(numbers.reshape(count, *variable.shape[::-1]).T, -1, 0)


def with_absent(variable: Variable, pieces: list[tuple[int, np.ndarray]], count: int) -> np.ndarray:
    """All records of a sparse variable, with the pad value or the record before (as it says) where one is absent."""
    whole, known = np.full((count, *variable.shape), pad_value(variable), variable.dtype), np.zeros(count, bool)
    for first, piece in pieces:
        some = slice(first, first + len(piece))
        whole[some], known[some] = piece[: count - first], True
    if variable.sparse != PREVIOUS:
        return whole
    before = np.maximum.accumulate(np.where(known, np.arange(count), -1))
    return np.where((before < 0).reshape(-1, *[1] * len(variable.shape)), whole, whole[before])


def pad_value(variable: Variable) -> np.generic | complex | bytes:
    """What stands in missing records: the file's own, or else the CDF library's default."""
    dtype = variable.dtype
    if variable.pad:
        return np.frombuffer(variable.pad, dtype, 1)[0]
    if dtype.kind in PADS:
        return PADS[dtype.kind] * (dtype.itemsize if dtype.kind == "S" else 1)
    return np.iinfo(dtype).min + 1 if dtype.kind == "i" else np.iinfo(dtype).max - 1


def units(records: Records, found: dict[str, Variable]) -> dict[str, str]:
    """The attribute UNITS of the variables `found` that have one, as the file spells it."""
    _, _, _, _, head, _, _, count, *_ = records.record(records.gdr, (GDR,), GDR_FIELDS)
    texts, numbers = {}, {False: {}, True: {}}
    for variable in found.values():
        numbers[variable.is_z][variable.number] = variable.name
    for _, (_, _, _, r_head, r_count, z_head, z_count, name) in records.chain(head, count, ADR, ADR_FIELDS):
        if name.startswith(b"UNITS\0"):
            texts |= entries(records, r_head, r_count, R_ENTRY, numbers[False])
            texts |= entries(records, z_head, z_count, Z_ENTRY, numbers[True])
    return texts


def entries(records: Records, head: int, count: int, kind: int, numbers: dict[int, str]) -> dict[str, str]:
    """An attribute's texts by name of the variables of these `numbers`; entries that are no text are left out."""
    start, texts = records.width(ENTRY_TEXT), {}
    for at, (_, _, _, data_type, number, elements) in records.chain(head, count, kind, ENTRY_FIELDS):
        if number in numbers and TYPES.get(data_type) == "S":
            raw = records.body[at + start : at + start + max(elements, 0)]
            texts[numbers[number]] = raw.partition(b"\0")[0].decode("ascii", "replace").strip()
    return texts
