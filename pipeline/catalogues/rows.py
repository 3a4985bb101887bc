"""Rows of a catalogue, what is left out of it, and what no row may be."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from pipeline.config import EARLIEST, LATEST, LONGEST, check_event_name

NEAR_EARTH = "near Earth"


@dataclass(frozen=True)
class Row:
    """One ejecta at one spacecraft, from one line of a catalogue.

    `place`: distance from the Sun (au), longitude and latitude (deg, HEEQ) of the spacecraft; NaN where not known.
    """

    line: int
    event: str
    spacecraft: str
    sheath_start: datetime | None
    ejecta_start: datetime | None
    ejecta_end: datetime | None
    note: str = ""
    place: tuple[float, float, float] = (np.nan, np.nan, np.nan)

    @property
    def duration_h(self) -> float:
        return (self.ejecta_end - self.ejecta_start) / timedelta(hours=1)


@dataclass(frozen=True)
class LeftOut:
    """A line of the catalogue that gives no event.

    `kind`: malformed, duplicate, spacecraft, date, duration, no times (a partner's row), text (of a list).
    """

    line: int
    event: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """Rows of a catalogue in its order, lines that could not be read, and where they come from."""

    source: str
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Table:
    """Events for the workflow: per event its rows, reference first; and the lines that gave none."""

    events: tuple[tuple[Row, ...], ...]
    left_out: tuple[LeftOut, ...] = field(default=())


def checked(row: Row) -> Row:
    """The row with its sheath left blank where it has no length.

    Raises ValueError where it cannot be an event: the workflow refuses a whole table for one such row.
    """
    check_event_name(row.event)
    times = [t for t in (row.sheath_start, row.ejecta_start, row.ejecta_end) if t is not None]
    for time in times:
        if not EARLIEST.year < time.year < LATEST.year:
            raise ValueError(f"{time:%Y-%m-%dT%H:%M} is not between {EARLIEST.year + 1} and {LATEST.year - 1}")
    if row.ejecta_end <= row.ejecta_start:
        raise ValueError(
            f"ejecta ends ({row.ejecta_end:%Y-%m-%dT%H:%M}) before it starts ({row.ejecta_start:%Y-%m-%dT%H:%M})"
        )
    if row.sheath_start is not None and row.sheath_start > row.ejecta_start:
        both = f"({row.sheath_start:%Y-%m-%dT%H:%M} and {row.ejecta_start:%Y-%m-%dT%H:%M})"
        raise ValueError(f"sheath starts after the ejecta {both}")
    if row.ejecta_end - times[0] > LONGEST:
        raise ValueError(f"lasts {(row.ejecta_end - times[0]).days} days, more than {LONGEST.days}")
    return replace(row, sheath_start=None) if row.sheath_start == row.ejecta_start else row
