"""Events out of a catalogue: rows that are wanted, each once, with partners that can have seen the same."""

import importlib
from dataclasses import replace
from datetime import date, datetime

import numpy as np

from pipeline import frames
from pipeline.catalogues.rows import NEAR_EARTH, Catalogue, LeftOut, Row, Table
from pipeline.config import LONGEST, MISSIONS, Select
from pipeline.constants import AU_KM

# Distance of the first Lagrange point over that of the Sun.
L1_FRACTION = 0.01


def select(catalogue: Catalogue, choice: Select) -> Table:
    """Events with the rows that `choice` asks for, with partners where another spacecraft can have seen the same."""
    left_out, events = list(catalogue.left_out), {}
    for row in catalogue.rows:
        row = _placed(row, choice)
        reason = _unfit(row, choice) or _repeated(row, events)
        if reason:
            left_out.append(LeftOut(row.line, row.event, *reason))
        else:
            events.setdefault(row.event, []).append(row)
    joined = _joined(events.values(), choice) if choice.pair else events.values()
    complete = [(*rows, *(_partners(rows, choice) if choice.pair else ())) for rows in joined]
    return Table(tuple(sorted(complete, key=_order)), tuple(sorted(left_out, key=lambda out: out.line)))


def _order(rows):
    return rows[0].ejecta_start, rows[0].event


def _placed(row: Row, choice: Select) -> Row:
    """A row of a list of near-Earth ICMEs is given to the first spacecraft asked for that operated there."""
    if row.spacecraft != NEAR_EARTH:
        return row
    # ASSUME: such boundaries hold for either spacecraft near the first Lagrange point.
    names = (
        name for name in _wanted(choice) if _near_earth(name) and _operates(name, row.ejecta_start, row.ejecta_end)
    )
    name = next(names, NEAR_EARTH)
    return replace(row, spacecraft=name, note=f"{row.note}; listed for the near Earth, taken for {name}")


def _wanted(choice: Select) -> tuple[str, ...]:
    return choice.spacecraft or MISSIONS


def _unfit(row: Row, choice: Select) -> tuple[str, str] | None:
    """Kind and reason for which a row is not wanted; None if it is."""
    start, end = row.ejecta_start, row.ejecta_end
    if row.spacecraft == NEAR_EARTH:
        return "date", f"no spacecraft near the Earth that is asked for has data of {start:%Y-%m-%d}"
    if row.spacecraft not in _wanted(choice):
        return "spacecraft", f"{row.spacecraft} is not among {', '.join(_wanted(choice))}"
    if not (choice.start or date.min) <= start.date() < (choice.end or date.max):
        return "date", f"ejecta starts {start:%Y-%m-%d}, outside {choice.start or ''} to {choice.end or ''}"
    if not _operates(row.spacecraft, start, end):
        return "date", f"{row.spacecraft} has no data of {start:%Y-%m-%d}"
    if not choice.min_duration_h <= row.duration_h <= choice.max_duration_h:
        return "duration", f"ejecta lasts {row.duration_h:.1f} h"
    return None


def _repeated(row: Row, events: dict[str, list[Row]]) -> tuple[str, str] | None:
    """A name may come again only for another spacecraft at about that time, an ejecta under no other name.

    Case does not tell names apart in every file system.
    """
    same = (row.spacecraft, row.ejecta_start, row.ejecta_end)
    twin = next((r for rows in events.values() for r in rows if (r.spacecraft, *_extent(r)) == same), None)
    earlier = next((rows for name, rows in events.items() if name.lower() == row.event.lower()), [])
    if earlier and (earlier[0].event != row.event or row.spacecraft in {r.spacecraft for r in earlier}):
        return "duplicate", f"{row.event} is already on line {earlier[0].line}"
    if earlier and max(r.ejecta_end for r in (row, *earlier)) - min(map(_first, (row, *earlier))) > LONGEST:
        return "duplicate", f"{row.event} is on line {earlier[0].line} with times more than {LONGEST.days} days away"
    if twin:
        return "duplicate", f"{twin.event} on line {twin.line} has the same spacecraft and times"
    return None


def _extent(row: Row) -> tuple[datetime, datetime]:
    return row.ejecta_start, row.ejecta_end


def _first(row: Row) -> datetime:
    return row.sheath_start or row.ejecta_start


def _operation(spacecraft: str) -> tuple[date, date | None]:
    return importlib.import_module(f"pipeline.missions.{spacecraft}").OPERATION


def _operates(spacecraft: str, start: datetime, end: datetime) -> bool:
    first, last = _operation(spacecraft)
    return first <= start.date() and (last is None or end.date() <= last)


def _near_earth(spacecraft: str) -> bool:
    return importlib.import_module(f"pipeline.missions.{spacecraft}").NEAR_EARTH


def _joined(events, choice: Select) -> list[list[Row]]:
    """Events of different spacecraft, close in space and overlapping in time, become one; the earlier is reference."""
    joined: list[list[Row]] = []
    for rows in sorted((list(rows) for rows in events), key=_order):
        home = next((other for other in joined if _same(other, rows, choice)), None)
        if home is None:
            joined.append(rows)
        else:
            home += [replace(row, event=home[0].event) for row in rows]
    return joined


def _same(earlier: list[Row], later: list[Row], choice: Select) -> bool:
    if {row.spacecraft for row in earlier} & {row.spacecraft for row in later}:
        return False
    apart = separation_au(earlier[0].place, later[0].place)
    together = all(_near_earth(rows[0].spacecraft) for rows in (earlier, later))
    # ASSUME: two entries are the same ejecta if the spacecraft are within the limit and the entries overlap in time;
    # where the catalogue gives no places, spacecraft near the Earth are within it.
    near = together if np.isnan(apart) else apart <= choice.max_separation_au
    return near and later[0].ejecta_start < earlier[0].ejecta_end


def _partners(rows: list[Row], choice: Select) -> list[Row]:
    """Blank rows of spacecraft near the Earth that operated then and were close enough to the reference."""
    reference, there = rows[0], {row.spacecraft for row in rows}
    partners = []
    for name in (name for name in _wanted(choice) if name not in there and _near_earth(name)):
        apart = separation_au(reference.place, l1(reference.ejecta_start))
        if _operates(name, reference.ejecta_start, reference.ejecta_end) and not apart > choice.max_separation_au:
            where = f", which was {apart:.3f} au from L1" if np.isfinite(apart) else ""
            note = f"boundaries carried by the measured lag from {reference.spacecraft}{where}"
            partners.append(Row(reference.line, reference.event, name, None, None, None, note))
    return partners


def l1(time: datetime) -> tuple[float, float, float]:
    """Distance (au), longitude and latitude (deg, HEEQ) of the first Lagrange point, 1 % of the way to the Sun."""
    when = np.array([time], "datetime64[ns]")
    towards_sun = np.array([[L1_FRACTION * frames.sun_distance(when)[0], 0.0, 0.0]])
    longitude, latitude, distance_km = (float(x[0]) for x in frames.heliographic(towards_sun, when))
    return distance_km / AU_KM, longitude, latitude


def separation_au(first: tuple[float, float, float], second: tuple[float, float, float]) -> float:
    """Distance (au) of two places given by distance (au), longitude, latitude (deg). NaN where one is not known."""
    return float(np.linalg.norm(np.subtract(_cartesian(*first), _cartesian(*second))))


def _cartesian(distance, longitude_deg, latitude_deg):
    longitude, latitude = np.radians(longitude_deg), np.radians(latitude_deg)
    return distance * np.array(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )
