"""The internal records of a CDF file, checked before a reader follows them.

A reader trusts the offsets, counts and sizes that it finds: damaged ones lead it round in circles, make it ask for
more memory than there is, or leave zeros where a block of records is missing. `check` walks the same records and
refuses what does not fit together, in time and memory that grow with the file's size.
Layout: CDF Internal Format Description, version 3.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CDR, GDR, R_VDR, ADR, R_ENTRY, VXR, VVR, Z_VDR, Z_ENTRY, CCR, CVVR = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13
START = 8  # behind the magic numbers
COMPRESSED = "cccc0001"
TYPE_BYTES = {1: 1, 2: 2, 4: 4, 8: 8, 11: 1, 12: 2, 14: 4, 21: 4, 22: 8, 31: 8, 32: 16, 33: 8, 41: 1, 44: 4, 45: 8}
TYPE_BYTES |= {51: 1, 52: 1}
LARGEST = 2**27  # bytes of one variable: eleven times a day of vectors at 11 Hz
GZIP = 31  # zlib's code for a gzip header
MAX_DIMS, MAX_DEPTH = 10, 8


class Damaged(ValueError):
    """Records do not fit together; the message says which."""


@dataclass(frozen=True)
class Records:
    """The bytes of an uncompressed CDF; `wide`: offsets have 8 bytes (version 3), or else 4."""

    body: bytes
    wide: bool

    def fields(self, at: int, form: str) -> tuple[int, ...]:
        """Big-endian integers from `at` on; in `form`, i is 4 bytes and o an offset."""
        if at < START:
            raise Damaged(f"a record at byte {at}")
        return struct.unpack_from(">" + form.replace("o", "q" if self.wide else "i"), self.body, at)

    def width(self, form: str) -> int:
        return struct.calcsize(">" + form.replace("o", "q" if self.wide else "i"))

    def record(self, at: int, kinds: tuple[int, ...], form: str = "") -> tuple[int, int, tuple[int, ...]]:
        """Size, type and first fields of the record at `at`, which must be one of `kinds` and end inside the file."""
        size, kind, *rest = self.fields(at, "oi" + form)
        if kind not in kinds or size < self.width("oi" + form) or at + size > len(self.body):
            raise Damaged(f"no record of type {kinds[0]} at byte {at}")
        return size, kind, tuple(rest)

    def chain(self, head: int, count: int, kinds: tuple[int, ...]) -> Iterator[int]:
        """Offsets of `count` records that each point to the next."""
        at, seen = head, set()
        for _ in range(count):
            if at in seen:
                raise Damaged(f"the records of type {kinds[0]} go round in a circle")
            seen.add(at)
            _, _, (after,) = self.record(at, kinds, "o")
            yield at
            at = after


@dataclass(frozen=True)
class Variable:
    """A variable as its descriptor says; `last` is the number of its last record, -1 if there is none."""

    name: str
    number: int
    is_z: bool
    last: int
    index: int
    record_bytes: int
    sparse: bool


def check(path: str | Path, names: Iterable[str]) -> None:
    """Raise Damaged (or struct.error, zlib.error, OSError) unless the variables `names` can be read safely and whole.

    Names that the file does not have are left out.
    """
    records = opened(path)
    _, found = catalogue(records)
    for name in set(names) & set(found):
        check_values(records, found[name])


def units(path: str | Path) -> dict[str, str]:
    """The attribute UNITS of the variables that have one, as the file spells it. Raises like `check`."""
    records = opened(path)
    attributes, variables = catalogue(records)
    texts = {}
    for at in attributes:
        _, _, (_, r_head, _, _, r_count, _, _, z_head, z_count) = records.record(at, (ADR,), "ooiiiiioi")
        start = at + records.width("oiooiiiiioiii")
        if _text(records.body[start : start + (256 if records.wide else 64)]) == "UNITS":
            texts |= {(False, number): text for number, text in entries(records, r_head, r_count, R_ENTRY)}
            texts |= {(True, number): text for number, text in entries(records, z_head, z_count, Z_ENTRY)}
    keys = {name: (variable.is_z, variable.number) for name, variable in variables.items()}
    return {name: texts[key] for name, key in keys.items() if key in texts}


def opened(path: str | Path) -> Records:
    """The file's records, those of a compressed file after it was inflated to the size that it states."""
    body = Path(path).read_bytes()
    wide = body[:4].hex() == "cdf30001"
    if body[4:8].hex() != COMPRESSED:
        return Records(body, wide)
    outer = Records(body, wide)
    size, _, (_, stated, _) = outer.record(START, (CCR,), "ooi")
    packed = body[START + outer.width("oiooi") : START + size]
    return Records(body[:4] + b"\0\0\xff\xff" + inflated(packed, stated), wide)


def inflated(packed: bytes, size: int) -> bytes:
    """`packed` (gzip), which must give `size` bytes; no more than that is unpacked, however much there is."""
    if not 0 <= size <= LARGEST:
        raise Damaged(f"{size} bytes in one piece are more than any day has")
    machine = zlib.decompressobj(GZIP)
    body = machine.decompress(packed, size + 1)
    if len(body) != size or not machine.eof:
        raise Damaged(f"a compressed block does not hold the {size} bytes that it should")
    return body


def catalogue(records: Records) -> tuple[list[int], dict[str, Variable]]:
    """Offsets of the attributes and descriptors of the variables."""
    _, _, (gdr,) = records.record(START, (CDR,), "o")
    _, _, fields = records.record(gdr, (GDR,), "ooooiiiiioiii")
    r_head, z_head, attribute_head, _, r_count, attribute_count, _, r_dims, z_count, *_ = fields
    if not 0 <= r_dims <= MAX_DIMS:
        raise Damaged(f"{r_dims} dimensions")
    sizes = records.fields(gdr + records.width("oiooooiiiiioiii"), "i" * r_dims)
    variables = [described(records, at, sizes) for at in records.chain(r_head, r_count, (R_VDR,))]
    variables += [described(records, at, None) for at in records.chain(z_head, z_count, (Z_VDR,))]
    return list(records.chain(attribute_head, attribute_count, (ADR,))), {v.name: v for v in variables}


def described(records: Records, at: int, r_sizes: tuple[int, ...] | None) -> Variable:
    """Descriptor at `at`; `r_sizes`: dimensions of all r-variables, None for a z-variable, which has its own."""
    form = "oiiooiiiiiiioi"
    _, _, fields = records.record(at, (R_VDR, Z_VDR), form)
    _, kind, last, index, _, flags, sparse, *_, elements, number, _, _ = fields
    after = at + records.width("oi" + form)
    text = after + (256 if records.wide else 64)
    name, sizes = _text(records.body[after:text]), r_sizes
    if sizes is None:
        (dims,) = records.fields(text, "i")
        if not 0 <= dims <= MAX_DIMS:
            raise Damaged(f"{name} has {dims} dimensions")
        sizes, text = records.fields(text + 4, "i" * dims), text + 4 + 4 * dims
    values = 1
    for size, varies in zip(sizes, records.fields(text, "i" * len(sizes)), strict=True):
        values *= size if varies else 1
    record_bytes = TYPE_BYTES.get(kind, 0) * elements * values
    if record_bytes <= 0 or last < -1 or (last + 1) * record_bytes > LARGEST:
        raise Damaged(f"{name} has {last + 1} records of {record_bytes} bytes")
    last = last if flags & 1 else min(last, 0)
    return Variable(name, number, r_sizes is None, last, index, record_bytes, bool(sparse))


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("ascii", "replace").strip()


def check_values(records: Records, variable: Variable) -> None:
    """Raise Damaged unless blocks hold every record of `variable` once, in order, each of the right length."""
    if variable.last < 0:
        return
    expected = 0
    for first, last, at in blocks(records, variable.index, set()):
        hole = first > expected and not variable.sparse
        if hole or first < expected or last < first:
            raise Damaged(f"{variable.name}: records {first} to {last} follow record {expected - 1}")
        check_block(records, variable, at, (last - first + 1) * variable.record_bytes)
        expected = last + 1
    if expected <= variable.last and not variable.sparse:
        raise Damaged(f"{variable.name} holds {expected} of {variable.last + 1} records")


def blocks(records: Records, at: int, seen: set[int], depth: int = 0) -> Iterator[tuple[int, int, int]]:
    """First record, last record and offset of every block below the index at `at`."""
    while at:
        if at in seen or depth > MAX_DEPTH:
            raise Damaged(f"the index at byte {at} goes round in a circle")
        seen.add(at)
        size, _, (after, places, used) = records.record(at, (VXR,), "oii")
        start = at + records.width("oioii")
        if not 0 <= used <= places or start + places * records.width("iio") > at + size:
            raise Damaged(f"the index at byte {at} has {used} of {places} entries")
        numbers, offsets = (records.fields(start, "i" * 2 * places), start + 8 * places)
        for k, offset in enumerate(records.fields(offsets, "o" * places)[:used]):
            _, kind, _ = records.record(offset, (VXR, VVR, CVVR))
            if kind == VXR:
                yield from blocks(records, offset, seen, depth + 1)
            else:
                yield numbers[k], numbers[places + k], offset
        at = after


def check_block(records: Records, variable: Variable, at: int, size: int) -> None:
    """Raise Damaged unless the block at `at` holds `size` bytes, after it was inflated where it is compressed."""
    whole, kind, _ = records.record(at, (VVR, CVVR))
    if kind == CVVR:
        _, _, (_, packed) = records.record(at, (CVVR,), "io")
        start = at + records.width("oiio")
        inflated(records.body[start : min(start + packed, at + whole)], size)
    elif whole - records.width("oi") != size:
        held = whole - records.width("oi")
        raise Damaged(f"{variable.name}: a block of {held} bytes where {size} are needed")


def entries(records: Records, head: int, count: int, kind: int) -> Iterator[tuple[int, str]]:
    """Variable number and text of an attribute's entries; those that are no text are left out."""
    for at in records.chain(head, count, (kind,)):
        size, _, (_, _, data_type, number, elements) = records.record(at, (kind,), "oiiii")
        start = at + records.width("oioiiiiiiiii")
        if data_type in (51, 52):
            yield number, _text(records.body[start : start + min(max(elements, 0), size)])
