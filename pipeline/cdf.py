"""Reading CDF files: only the variables asked for, exact times, and nothing decided by a file's own attributes.

Validity limits of the files are not used: AC_H0_MFI's Epoch ends in 2020 by its own VALIDMAX, and some archive metadata
give one range for a whole vector, which would delete every positive V_y and V_z.
"""

import struct
import zlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline import cdf_records

if TYPE_CHECKING:
    from pipeline.product import Product


FILL = -1e30  # float32 fills of -1e31 come back as -9.9999998e30: test with <=, never with ==
IMPLAUSIBLE = 1e12  # above anything measured here (positions in km: 2e6; temperatures in K: 1e8)

MS_TO_1970 = 62_167_219_200_000  # CDF_EPOCH of 1970-01-01, milliseconds from year 0
MS_TO_2262 = MS_TO_1970 + 9_223_372_036_854  # the last that datetime64[ns] holds
J2000_NS = 946_728_000_000_000_000  # 2000-01-01T12:00:00 as nanoseconds since 1970
TT_MINUS_TAI_NS = 32_184_000_000
TT2000_FILLS = (-(2**63), -(2**63) + 1)  # fill and pad value

# First UTC day with each value of TAI - UTC, from 10 s on 1972-01-01 (IERS Bulletin C); none after 2017 so far.
LEAP_DAYS_TEXT = """
1972-01-01 1972-07-01 1973-01-01 1974-01-01 1975-01-01 1976-01-01 1977-01-01 1978-01-01 1979-01-01 1980-01-01
1981-07-01 1982-07-01 1983-07-01 1985-07-01 1988-01-01 1990-01-01 1991-01-01 1992-07-01 1993-07-01 1994-07-01
1996-01-01 1997-07-01 1999-01-01 2006-01-01 2009-01-01 2012-07-01 2015-07-01 2017-01-01
"""
LEAP_DAYS = np.array(LEAP_DAYS_TEXT.split(), dtype="datetime64[ns]")
TAI_MINUS_UTC_S = np.arange(10, 10 + len(LEAP_DAYS))


# What damaged bytes lead to.
DAMAGE = (MemoryError, OSError, OverflowError, ValueError, struct.error, zlib.error)


class CdfError(OSError):
    """A file is not a whole, readable CDF with the variables that its product needs."""


def read(path: str | Path, names: Iterable[str], *, checksum: bool = True) -> dict[str, np.ndarray]:
    """Variables of a CDF file by name, records first; epochs become datetime64[ns] with NaT where filled.

    Names that the file does not have are left out. A variable without records is an empty array, texts are bytes.
    Raises CdfError naming file and variable where the file is damaged. `checksum`: hold the file against its own
    checksum, if it has one; that takes longer than all the rest, and is needless where its bytes are known to be right.
    """
    records, found = _open(path, names, checksum)
    return _read(path, records, found)


def _open(path, names, checksum):
    try:
        records = cdf_records.opened(path, checksum=checksum)
        found = cdf_records.variables(records, names)
    except DAMAGE as error:
        raise CdfError(f"{path}: not a readable CDF: {type(error).__name__}: {error}") from error
    return records, {name: found[name] for name in dict.fromkeys(names) if name in found}


def _read(path, records, found) -> dict[str, np.ndarray]:
    return {name: _values(path, records, variable) for name, variable in found.items()}


def _values(path, records, variable) -> np.ndarray:
    try:
        values = cdf_records.values(records, variable)
    except DAMAGE as error:
        what = f"variable {variable.name} cannot be read"
        raise CdfError(f"{path}: {what}: {type(error).__name__}: {error}") from error
    return CONVERSIONS[variable.kind](values) if variable.kind in CONVERSIONS else values


def from_epoch(milliseconds: np.ndarray) -> np.ndarray:
    """datetime64[ns] from CDF_EPOCH (ms from year 0, float64); exact to the nanosecond that the double holds.

    Whole milliseconds and their fraction are converted apart: their product with 1e6 does not fit a double.
    """
    milliseconds = np.asarray(milliseconds, dtype=np.float64)
    if milliseconds.size and milliseconds.min() > 0 and milliseconds.max() < MS_TO_2262:  # not where NaN
        return _from_valid_epoch(milliseconds).view("datetime64[ns]")
    valid = (milliseconds > 0) & (milliseconds < MS_TO_2262)
    return _time(_from_valid_epoch(np.where(valid, milliseconds, MS_TO_1970)), valid)


def _from_valid_epoch(milliseconds) -> np.ndarray:
    """Nanoseconds since 1970."""
    ns = milliseconds.astype(np.int64)  # whole ms; they are positive, where to cut is to floor
    rest = milliseconds - ns
    ns -= MS_TO_1970
    ns *= 1_000_000
    if np.count_nonzero(rest):  # most products are stamped in whole ms
        rest *= 1e6
        ns += np.rint(rest).astype(np.int64)
    return ns


def _time(ns: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """datetime64[ns] of nanoseconds since 1970; NaT unless `valid`."""
    time = ns.view("datetime64[ns]")
    return time if valid.all() else np.where(valid, time, np.datetime64("NaT"))


def from_epoch16(pairs: np.ndarray) -> np.ndarray:
    """datetime64[ns] from CDF_EPOCH16 (complex: seconds from year 0, picoseconds)."""
    pairs = np.asarray(pairs)
    valid = (pairs.real > 0) & (pairs.real < MS_TO_2262 / 1e3)
    seconds = np.where(valid, pairs.real, 0).astype("int64") - MS_TO_1970 // 1000
    picoseconds = np.where(valid, pairs.imag, 0)
    return _time(seconds * 1_000_000_000 + np.round(picoseconds / 1e3).astype("int64"), valid)


def from_tt2000(tt: np.ndarray) -> np.ndarray:
    """datetime64[ns] (UTC) from CDF_TIME_TT2000 (int64 ns of terrestrial time since 2000-01-01T12:00 TT).

    datetime64 has no 23:59:60. Samples inside a leap second get the last nanosecond before midnight, so that time never
    runs backwards and the sample at midnight keeps its own stamp. Valid from 1972 on.
    """
    tt = np.asarray(tt, dtype=np.int64)
    valid = ~np.isin(tt, TT2000_FILLS)
    midnight_ns = LEAP_DAYS.astype("int64")
    offset_ns = TAI_MINUS_UTC_S * 1_000_000_000 + TT_MINUS_TAI_NS
    era = np.searchsorted(midnight_ns - J2000_NS + offset_ns, tt, side="right") - 1
    utc_ns = np.where(valid, tt, 0) + J2000_NS - offset_ns[np.maximum(era, 0)]
    next_midnight_ns = np.append(midnight_ns, np.iinfo(np.int64).max)[era + 1]
    return _time(np.minimum(utc_ns, next_midnight_ns - 1), valid)


CONVERSIONS = {31: from_epoch, 32: from_epoch16, 33: from_tt2000}  # by CDF data type


def missing(values: np.ndarray, missing_from: float = np.inf) -> np.ndarray:
    """True where a value is a fill: NaN, at or below -1e30, or of magnitude `missing_from` and above."""
    return ~np.isfinite(values) | (values <= FILL) | (np.abs(values) >= missing_from)


def read_product(path: str | Path, product: "Product", *, checksum: bool = True) -> dict[str, np.ndarray]:
    """Variables of a `product` file, records first; optional ones only where there are records of them.

    Raises CdfError unless the required ones are there, and types, shapes, numbers of records and units as they must be.
    `checksum`: as for `read`.
    """
    records, found = _open(path, product.variables, checksum)
    required = product.required
    lacking = [name for name in required if name not in found]
    if lacking:
        raise CdfError(f"{path}: not a {product.name} file: no variable {', '.join(lacking)}")
    data = _read(path, records, found)
    data = {name: values for name, values in data.items() if name in required or values.size}
    texts = _units(path, records, found)
    for name, layout in product.layouts.items():
        if name in data and layout.clock in data:
            shape = (data[layout.clock].size, *layout.shape)
            _verify_layout(path, product, name, data[name], shape, layout.kinds)
            _verify_units(path, name, texts.get(name, ""), layout.units)
    return data


def _verify_layout(path, product, name, found, shape, kinds) -> None:
    """Raise CdfError unless the values `found` have this `shape` and one of these `kinds` of numbers."""
    if found.shape != shape or (found.dtype.kind not in kinds and found.size):
        what = f"{found.dtype} {found.shape}, expected {_KINDS[kinds]} {shape}"
        raise CdfError(f"{path}: not a {product.name} file: {name} is {what}")


_KINDS = {"M": "times", "f": "real", "iu": "integer"}


def _units(path, records, found) -> dict[str, str]:
    try:
        return cdf_records.units(records, found)
    except DAMAGE as error:
        raise CdfError(f"{path}: attribute UNITS cannot be read: {error}") from error


def _verify_units(path, name, text, expected) -> None:
    """Raise CdfError where the file states another unit than the product has; a text unknown here is no unit."""
    stated = UNIT_OF.get(text.casefold())
    if expected and stated and stated != expected:
        raise CdfError(f"{path}: {name} has UNITS {text!r}, expected {expected!r}")


# How archives spell units (lower case), and what would be another unit.
SPELLINGS = {
    "nT": {"nt", "nanotesla", "gamma"},
    "km s-1": {"km/s", "km/sec", "km s-1", "km s^-1", "km s^{-1}"},
    "cm-3": {"#/cc", "/cc", "1/cc", "n/cc", "cm-3", "cm^-3", "cm^{-3}", "1/cm^3", "#/cm^3", "#/cm3"},
    "K": {"k", "kelvin", "deg k", "degk", "deg. k"},
    "eV": {"ev"},
    "km": {"km", "kilometers", "kilometer"},
    "Re": {"re", "r_e", "earth radii"},
    "another": {"t", "tesla", "ut", "pt", "gauss", "g", "m/s", "cm/s", "m s-1", "m-3", "m^-3", "m^{-3}", "#/m^3"}
    | {"kev", "mev", "mk", "megakelvin", "m", "meters", "au", "rs", "solar radii"},
}


UNIT_OF = {text: unit for unit, texts in SPELLINGS.items() for text in texts}


def verify(path: str | Path, product: "Product", day: date) -> None:
    """Raise CdfError unless the file is whole, holds what `product` needs, and its times lie around `day`.

    Most archive files carry no checksum, so this is what tells a download from a damaged one: the size that the file
    states for itself, every needed variable readable and of its type, plausible stamps and magnitudes.
    """
    _verify_size(path)
    data = read_product(path, product)
    # A day's last averages may start the day before or be centred on the day after.
    first, last = np.datetime64(day, "ns") - np.timedelta64(1, "D"), np.datetime64(day, "ns") + np.timedelta64(2, "D")
    for name, values in data.items():
        if values.dtype.kind == "M":
            stray = ~np.isnat(values) & ((values < first) | (values >= last))
            if stray.any():
                raise CdfError(f"{path}: {name} holds {values[stray][0]}, which is not on {day}")
        elif values.dtype.kind == "f" and np.any(~missing(values) & (np.abs(values) > IMPLAUSIBLE)):
            raise CdfError(f"{path}: {name} holds values above {IMPLAUSIBLE:g}: the file is damaged")


def _verify_size(path) -> None:
    size, stated = Path(path).stat().st_size, stated_size(path)
    if stated is not None and size < stated:
        raise CdfError(f"{path}: truncated: {size} bytes of {stated}")


def stated_size(path: str | Path) -> int | None:
    """Bytes that a CDF file says it has (GDR.eof); None where the whole file is compressed. Raises CdfError."""
    with open(path, "rb") as file:
        head = file.read(20)
        magic = head[:8].hex()
        if magic in ("cdf30001cccc0001", "cdf26002cccc0001"):
            return None
        wide = magic == "cdf300010000ffff"
        if not wide and magic not in ("cdf260020000ffff", "0000ffff0000ffff"):
            raise CdfError(f"{path}: not a CDF file: it begins with {head[:16]!r}")
        # The record after the magic numbers (CDR) points to the global one (GDR), which holds the end of file.
        # Version 3 has 8-byte offsets, version 2 has 4-byte ones.
        pointer, entry, form = (20, 36, ">q") if wide else (16, 20, ">i")
        try:
            file.seek(pointer)
            (record,) = struct.unpack(form, file.read(struct.calcsize(form)))
            file.seek(record + entry)
            return struct.unpack(form, file.read(struct.calcsize(form)))[0]
        except (struct.error, OSError, ValueError) as error:
            raise CdfError(f"{path}: truncated within its header") from error
