"""How each product of a virtual spacecraft samples: accumulation, stamps, quantities, what a lost sample becomes."""

from dataclasses import dataclass
from typing import Literal

PLASMA = ("v", "n", "temperature", "alpha_ratio")
FIT = ("v_error", "temperature_parallel", "temperature_perpendicular")  # what only a fit to the distribution gives


@dataclass(frozen=True)
class Sampling:
    """One product's samples.

    `stamp_s`: stamp minus centre. `flag_s`: a flag holds for this long (0: one sample, None: the product has no flag).
    `fixed`: a lost sample is a fill at its place; otherwise its record is not there. `searches`: SWEPAM's search mode.
    """

    spacecraft: str
    kind: Literal["field", "plasma"]
    accumulation_s: float
    stamp_s: float
    quantities: tuple[str, ...]
    flag_s: float | None = 0.0
    fixed: bool = True
    searches: bool = False


TABLE = {
    "AC_H0_MFI": Sampling("ace", "field", 16.0, -8.0, ("b", "position")),
    "AC_H0_SWE": Sampling("ace", "plasma", 64.0, -32.0, (*PLASMA, "position"), flag_s=None, searches=True),
    "WI_H0_MFI": Sampling("wind", "field", 3.0, 0.0, ("b", "position"), flag_s=60.0),
    "WI_PM_3DP": Sampling("wind", "plasma", 3.0, 0.0, PLASMA, fixed=False),
    # stamps mark the start of a spectrum, as the genuine files say and the field beside them confirms
    "WI_H1_SWE": Sampling("wind", "plasma", 92.0, -46.0, (*PLASMA, *FIT, "position"), fixed=False),
}


def of(spacecraft: str) -> tuple[str, ...]:
    """Names of a spacecraft's products, the preferred first."""
    return tuple(name for name, each in TABLE.items() if each.spacecraft == spacecraft)
