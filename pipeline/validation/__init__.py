"""Does the pipeline find what is true? Virtual events and pairs with known truth through the real code, and a verdict.

events: sigma_c, sigma_r, their intervals, and the edges of Alfvénic intervals, one spacecraft.
pairs: lag, r, differences of r between regions, two spacecraft.
summary: bias, coverage, detection and power against the targets; figure: the same to look at.

A study is a number of parts, each a job of its own (`parts`); random streams depend on kind and number alone, so that
more events never change the ones before.
"""

from importlib import import_module
from itertools import product
from typing import TYPE_CHECKING

from pydantic import Field

from pipeline.config import Frozen

if TYPE_CHECKING:
    import pandas as pd


AMPLITUDES, DURATIONS_H = (0.1, 0.2, 0.3, 0.5), (2.0, 4.0, 6.0)
PAIRS = ("no effect", "separation", "same waves", "shifted phase", "independent waves")
POWER = "power {:g} {:g} h"


class Settings(Frozen):
    """Size of the study."""

    events: int = Field(200, ge=1, description="virtual events with waves; a quarter as many of each kind without")
    pairs: int = Field(300, ge=1, description="virtual pairs of each kind")
    power: int = Field(40, ge=1, description="virtual pairs of each amplitude and duration")
    seed: int = Field(1, ge=0)
    part: int = Field(20, ge=1, description="virtual events or pairs per job")


def kinds(settings: Settings) -> dict[str, dict[str, int]]:
    """Number of virtual events and of pairs, by study and kind; what the kinds are stands in the studies' modules."""
    half, quarter = -(-settings.events // 2), -(-settings.events // 4)
    events = {"alfvenic": half, "any": settings.events - half, "none": quarter, "independent": quarter}
    pairs = dict.fromkeys((*PAIRS, "lag"), settings.pairs)
    pairs |= {POWER.format(*cell): settings.power for cell in product(AMPLITUDES, DURATIONS_H)}
    return {"events": {kind: count for kind, count in events.items() if count}, "pairs": pairs}


def parts(settings: Settings) -> dict[str, tuple[str, str, range]]:
    """Jobs by name: the study, the kind of events, and their numbers."""
    out = {}
    for study, counts in kinds(settings).items():
        for kind, count in counts.items():
            for first in range(0, count, settings.part):
                name = f"{study}-{kind}-{first:04d}".replace(" ", "_")
                out[name] = study, kind, range(first, min(first + settings.part, count))
    return out


def run(study: str, kind: str, numbers: range, seed: int) -> "pd.DataFrame":
    """Rows of one part as a table."""
    import pandas as pd

    module = import_module(f"pipeline.validation.{study}")
    return pd.DataFrame([row for number in numbers for row in module.rows(kind, number, seed)])
