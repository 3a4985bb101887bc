"""Published catalogues of ICMEs -> table of events: read, select, pair, name.

catalogue = read("HELIO4CAST_ICMECAT_v23.csv")       # rows, and what could not be read, each with its line
table = select(catalogue, Select(start="1998-02-04"))  # events that the workflow can take
write(table, "events.csv", "events_left_out.csv")

Understood are CSV files with a header (HELIO4CAST ICMECAT, or one's own; fields between commas, semicolons or tabs),
and the list of near-Earth ICMEs by Richardson and Cane as text: a line per ICME with the times of disturbance, start
and end, dates as month/day under a line with the year, or with the year. What a line lacks is not guessed; one that
makes no sense, or that the workflow would refuse, is left out, by number.
"""

import csv
import importlib
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np

from pipeline import frames
from pipeline.config import (
    COLUMNS,
    EARLIEST,
    EVENT_NAME,
    LATEST,
    LONGEST,
    LONGEST_NAME,
    MISSIONS,
    RESERVED,
    ConfigError,
    Select,
)
from pipeline.constants import AU_KM
from pipeline.provenance import whole_file

# Names that headers use for the columns of the table of events, and for the place of the spacecraft (au, degrees HEEQ).
HEADERS = {
    "event": ("event", "icmecat_id", "name", "id"),
    "spacecraft": ("spacecraft", "sc_insitu", "sc"),
    "sheath_start": ("sheath_start", "icme_start_time", "icme_start", "shock_time", "shock", "disturbance"),
    "ejecta_start": ("ejecta_start", "mo_start_time", "mo_start", "start"),
    "ejecta_end": ("ejecta_end", "mo_end_time", "mo_end", "end"),
    "note": ("note", "notes", "comment"),
    "distance_au": ("distance_au", "mo_sc_heliodistance"),
    "longitude_deg": ("longitude_deg", "mo_sc_long_heeq"),
    "latitude_deg": ("latitude_deg", "mo_sc_lat_heeq"),
}
PLACE = ("distance_au", "longitude_deg", "latitude_deg")
DELIMITERS = ",;\t"
TIMES = ("sheath_start", "ejecta_start", "ejecta_end")
MISSING = {"", "-", "...", "nan", "nat", "none"}  # ways to write that there is no time or number
MOST_TOLD = 10  # lines of one kind in a message
# Distance of the first Lagrange point over that of the Sun.
L1_FRACTION = 0.01
NEAR_EARTH = "near Earth"

DATE = r"(?:(?P<year>\d{4})[/-])?(?P<month>\d{1,2})/(?P<day>\d{1,2})|(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"
TIME = re.compile(rf"(?:{DATE})[ T]+(?P<hour>\d\d):?(?P<minute>\d\d)?(?!\d)(?:\s*\((?P<at>[AW])\))?")
YEAR_FIRST = re.compile(r"^(\d{4})/(\d\d)/(\d\d)")
YEAR = re.compile(r"\W*(\d{4})\W*")
SEEN_AT = {"A": "ACE", "W": "Wind", None: "Earth (storm onset)"}


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


def read(path: str | Path) -> Catalogue:
    """A catalogue as it stands. Raises ConfigError where the file cannot be read or its kind is not known."""
    path = Path(path)
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the catalogue cannot be read: {error}") from None
    source = f"{path.name} (sha256 {sha256(content).hexdigest()[:12]})"
    lines = io.StringIO(text, newline=None).read().split("\n")  # numbered as editors and grep do
    header = _header(lines)
    if header and header.missing:
        raise ConfigError(f"{path}, line {header.line}: no column for {' nor '.join(map(_aliases, header.missing))}")
    rows, left_out = [], []
    for line in _csv_lines(lines, header, source) if header else _list_lines(lines, source):
        (rows if isinstance(line, Row) else left_out).append(line)
    if not rows:
        known = "a CSV file with columns ejecta_start and ejecta_end (or mo_start_time and mo_end_time), or a text list"
        told = "".join(f"; line {out.line}: {out.reason}" for out in left_out[:3])
        raise ConfigError(
            f"{path}: no ICME found in {len(left_out)} lines; expected {known} of start and end times{told}"
        )
    return Catalogue(source, tuple(rows), tuple(left_out))


def _aliases(column: str) -> str:
    return f"{column} ({', '.join(HEADERS[column][1:])})"


@dataclass(frozen=True)
class Header:
    """Where the names of the columns stand (line), what parts them, how many fields, position of every known one."""

    line: int
    delimiter: str
    width: int
    columns: dict[str, int]

    @property
    def missing(self) -> list[str]:
        return [name for name in ("ejecta_start", "ejecta_end") if name not in self.columns]

    def split(self, text: str) -> list[str]:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter), [])


def _header(lines: list[str]) -> Header | None:
    """The first line that is neither blank nor a comment, if it names two columns or more that are known."""
    number, line = next(((k, line) for k, line in enumerate(lines, 1) if not _skipped(line)), (0, ""))
    for delimiter in DELIMITERS:
        names = [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), [])]
        found = {
            column: next(names.index(alias) for alias in aliases if alias in names)
            for column, aliases in HEADERS.items()
            if any(alias in names for alias in aliases)
        }
        if len(found) >= 2:
            return Header(number, delimiter, len(names), found)
    return None


def _skipped(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _csv_lines(lines: list[str], header: Header, source: str) -> Iterator[Row | LeftOut]:
    after = header.line
    while after < len(lines):
        number, (text, after) = after + 1, _record(lines, after, header)
        if _skipped(text) or not text.strip(f" {header.delimiter}"):
            continue
        cell = {}
        try:
            if text.count('"') % 2:
                raise ValueError("a quote is not closed")
            cells = header.split(text)
            cell = {name: " ".join(cells[k].split()) if k < len(cells) else "" for name, k in header.columns.items()}
            if len(cells) != header.width:
                raise ValueError(f"{len(cells)} fields, the header has {header.width}")
            if cell.get("event") and not any(cell.get(name) for name in TIMES):
                reason = "no times: partners are added where a spacecraft operated, see select"
                yield LeftOut(number, cell["event"], "no times", reason)
            else:
                yield _csv_row(number, cell, source)
        except (ValueError, csv.Error) as error:
            yield LeftOut(number, cell.get("event", ""), "malformed", str(error))


def _record(lines: list[str], start: int, header: Header) -> tuple[str, int]:
    """Text of the record that begins at `start`, and where the next begins.

    A quoted field may hold line breaks but no whole row: a quote that is never closed costs its own line alone.
    """
    text = lines[start]
    for end, line in enumerate(lines[start + 1 :], start + 1):
        if text.count('"') % 2 == 0:
            return text, end
        if line.count('"') % 2 == 0 and len(header.split(line)) == header.width:
            break
        text += f"\n{line}"
    return (text, len(lines)) if text.count('"') % 2 == 0 else (lines[start], start + 1)


def _csv_row(line: int, cell: dict[str, str], source: str) -> Row:
    start, end = (_time(cell[name], name) for name in ("ejecta_start", "ejecta_end"))
    if start is None or end is None:
        raise ValueError("ejecta_start and ejecta_end must both be given")
    if cell.get("spacecraft") == "":
        raise ValueError("no spacecraft")
    name = cell.get("event") or f"icme-{start:%Y%m%d-%H%M}"
    given = f"{cell['note']}; " if cell.get("note") else ""
    return _checked(
        Row(
            line=line,
            event=name,
            spacecraft=_spacecraft(cell.get("spacecraft", NEAR_EARTH)),
            sheath_start=_time(cell.get("sheath_start", ""), "sheath_start"),
            ejecta_start=start,
            ejecta_end=end,
            note=f"{given}boundaries: {source}, line {line}",
            place=tuple(_number(cell.get(column, ""), column) for column in PLACE),
        )
    )


def _spacecraft(name: str) -> str:
    """Name as the missions are called: STEREO-A -> stereo_a."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()) if name != NEAR_EARTH else name


def _time(text: str, column: str) -> datetime | None:
    if text.lower() in MISSING:
        return None
    try:
        time = datetime.fromisoformat(YEAR_FIRST.sub(r"\1-\2-\3", text))
        # ASSUME: a time without an offset is UTC, as in the table of events.
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, OverflowError):
        raise ValueError(f"{column}: {text!r} is not an ISO time") from None


def _number(text: str, column: str) -> float:
    try:
        return np.nan if text.lower() in MISSING else float(text)
    except ValueError:
        raise ValueError(f"{column}: {text!r} is not a number") from None


def _checked(row: Row) -> Row:
    """The row with its sheath left blank where it has no length.

    Raises ValueError where it cannot be an event: the workflow refuses a whole table for one such row.
    """
    _check_name(row.event)
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


def _check_name(name: str) -> None:
    if not EVENT_NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"event name {name!r} may hold only letters, digits, '_', '-' and single '.'")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"event name {name[:20]}... has {len(name)} characters, more than {LONGEST_NAME}")
    if name.lower() in RESERVED:
        raise ValueError(f"event name {name!r} is that of a file or folder beside the events")


def _list_lines(lines: list[str], source: str) -> Iterator[Row | LeftOut]:
    """Lines of a list with times as month/day hour-minute under a year, or as year/month/day."""
    year = None
    for number, line in enumerate(lines, start=1):
        heading = YEAR.fullmatch(line)
        if heading:
            year = int(heading[1])
        elif not TIME.search(line):
            if line.strip():
                yield LeftOut(number, "", "text", "no time in this line")
        else:
            try:
                yield _list_row(number, line, year, source)
            except ValueError as error:
                yield LeftOut(number, "", "malformed", str(error))


def _list_row(number: int, line: str, year: int | None, source: str) -> Row:
    found = list(TIME.finditer(line))[:3]
    if len(found) < 3:
        raise ValueError(f"{len(found)} times, expected disturbance, start and end")
    sheath, start, end = _follow(found, year)
    seen = SEEN_AT[found[0]["at"]]
    return _checked(
        Row(
            line=number,
            event=f"icme-{start:%Y%m%d-%H%M}",
            spacecraft=NEAR_EARTH,
            # ASSUME: a disturbance timed at the Earth's surface stands for the sheath's start, although the spacecraft
            # saw it up to an hour before; the lists give start and end to the hour anyway.
            sheath_start=sheath,
            ejecta_start=start,
            ejecta_end=end,
            note=f"boundaries: {source}, line {number}; disturbance timed at {seen}",
        )
    )


def _follow(found: list[re.Match], year: int | None) -> list[datetime]:
    """Times that follow each other: a date without a year takes that of the date before, or the next at its turn."""
    times = []
    for match in found:
        own = match["year"] or match["y"]
        if own is None and year is None:
            raise ValueError(f"{match[0]!r} has no year, and no line with a year stands above")
        day = datetime(int(own or year), int(match["month"] or match["m"]), int(match["day"] or match["d"]))
        time = day + timedelta(hours=int(match["hour"]), minutes=int(match["minute"] or 0))
        if time > day + timedelta(days=1):  # 2400 ends a day
            raise ValueError(f"{match[0]!r} is no time of day")
        if own is None and times and time.month < times[-1].month - 6:
            time = time.replace(year=time.year + 1)
        times.append(time)
        year = time.year
    return times


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


def write(table: Table, events: str | Path, left_out: str | Path) -> None:
    """The table of events, and beside it the lines that gave none, each with its reason."""
    _write_csv(events, COLUMNS, (_cells(row) for rows in table.events for row in rows))
    _write_csv(
        left_out, ("line", "event", "kind", "reason"), ((o.line, o.event, o.kind, o.reason) for o in table.left_out)
    )


def _cells(row: Row) -> tuple:
    times = (row.sheath_start, row.ejecta_start, row.ejecta_end)
    return row.event, row.spacecraft, *("" if t is None else t.isoformat(timespec="auto") for t in times), row.note


def keep(events: str | Path, names: Collection[str], output: str | Path) -> None:
    """Write those rows of a table of events that belong to `names`, each as it stands."""
    with open(events, encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    _write_csv(output, header, [row for row in rows if row and row[0].strip() in names])


def _write_csv(path, header, rows):
    with whole_file(path) as part, open(part, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def summary(catalogue: Catalogue, table: Table) -> str:
    """What became of the lines, in a few sentences."""
    kinds = [out.kind for out in table.left_out]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    pairs, n = sum(len(rows) > 1 for rows in table.events), len(table.events)
    text = f"{n} event{'' if n == 1 else 's'} ({pairs} with more than one spacecraft) from {catalogue.source}"
    malformed = [f"malformed, line {o.line}: {o.reason}" for o in table.left_out if o.kind == "malformed"]
    lines = [*_most(malformed), *_most(_overlaps(table))]
    return "\n".join([f"{text}; left out: {counts or 'none'}", *(f"  {line}" for line in lines)])


def _most(lines: list[str]) -> list[str]:
    return [*lines[:MOST_TOLD], *([f"and {len(lines) - MOST_TOLD} more"] if len(lines) > MOST_TOLD else [])]


def _overlaps(table: Table) -> list[str]:
    """Events that begin before the one before has ended: their samples count twice in a study of many."""
    references = [rows[0] for rows in table.events]
    return [
        f"overlap, {later.event} starts before {earlier.event} ends: kept, and counted as two"
        for earlier, later in pairwise(references)
        if earlier.spacecraft == later.spacecraft and later.ejecta_start < earlier.ejecta_end
    ]
