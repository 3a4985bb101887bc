"""Files of catalogues, CSV or text lists, line by line into rows."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np

from pipeline.catalogues.rows import NEAR_EARTH, Catalogue, LeftOut, Row, checked
from pipeline.config import ConfigError

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

DATE = r"(?:(?P<year>\d{4})[/-])?(?P<month>\d{1,2})/(?P<day>\d{1,2})|(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"
TIME = re.compile(rf"(?:{DATE})[ T]+(?P<hour>\d\d):?(?P<minute>\d\d)?(?!\d)(?:\s*\((?P<at>[AW])\))?")
YEAR_FIRST = re.compile(r"^(\d{4})/(\d\d)/(\d\d)")
YEAR = re.compile(r"\W*(\d{4})\W*")
SEEN_AT = {"A": "ACE", "W": "Wind", None: "Earth (storm onset)"}


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
    return checked(
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
    return checked(
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
