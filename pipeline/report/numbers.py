"""How values are printed for people: four digits, a true minus sign, units beside, a dash where there is no value."""

import math
from datetime import datetime

import numpy as np
import pandas as pd

from pipeline.stats.surrogates import at_floor

NO_VALUE = "–"
MINUS = "\N{MINUS SIGN}"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None, digits: int = 4, places: int | None = None) -> str:
    """A number with `digits` significant digits, as a power of ten if large or small; or with `places` decimals."""
    if value is None or not math.isfinite(value):
        return NO_VALUE
    if places is not None:
        text = f"{value:.{places}f}"
        return (text.removeprefix("-") if not float(text) else text).replace("-", MINUS)
    if value == 0 or (float(value).is_integer() and abs(value) < 1e6):
        return f"{value:.0f}".replace("-", MINUS)
    if 1e-3 <= abs(value) < 1e6:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        return f"{value:.{decimals}f}".replace("-", MINUS)
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(SUPERSCRIPT)}".replace("-", MINUS, 1)


def decimals(column: pd.Series, digits: int = 4) -> int | None:
    """Decimals that give the largest value of a column `digits` digits; None where a column spans too much for one."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return None
    values = column.to_numpy(dtype=float)
    known = values[np.isfinite(values)]
    size = np.abs(known[known != 0])
    if not size.size or (known == np.rint(known)).all():
        return 0
    places = digits - 1 - math.floor(math.log10(size.max()))
    visible = np.median(size) >= 10.0 ** (1 - places)  # else most of the column would be one digit or none
    return places if 0 <= places <= 6 and visible else None


def probability(p: float, surrogates: float = math.nan) -> str:
    """p with its relation, never smaller than can be told: "= 0.041", "< 0.001", "≤ 0.005 (200 surrogates)".

    Of n surrogates none can give a p below 1 / (n + 1): where all fall short that is all that is known.
    """
    if not math.isfinite(p):
        return "unknown"
    if math.isfinite(surrogates) and at_floor(p, surrogates):
        return f"≤ {p:.1g} ({surrogates:.0f} surrogates)"
    return "< 0.001" if p < 1e-3 else f"= {p:.2g}"


def coefficient(value: float | None) -> str:
    """A value between -1 and 1, with two decimals."""
    return number(value, places=2)


def units(text: str) -> str:
    """UDUNITS spelling to print: km s-1 to km s⁻¹; "1" and blank to nothing."""
    if not isinstance(text, str) or text in ("", "1"):
        return ""
    return " ".join(_power(part) for part in text.split(" "))


def _power(part: str) -> str:
    letters = part.rstrip("-0123456789")
    return letters + part[len(letters) :].translate(SUPERSCRIPT)


def moment(value: datetime | np.datetime64 | str | None) -> str:
    """UTC time to the second."""
    return NO_VALUE if pd.isna(value) else pd.Timestamp(value).round("s").strftime("%Y-%m-%d %H:%M:%S")


def size(n_bytes: int | None) -> str:
    """Bytes in the largest fitting decimal unit."""
    if n_bytes is None:
        return NO_VALUE
    for name, factor in (("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {name}"
    return f"{n_bytes} B"
