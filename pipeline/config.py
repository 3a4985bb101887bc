"""Settings and events: typed, frozen, and refused with one clear sentence when they are wrong."""

import csv
import importlib
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

COLUMNS = ("event", "spacecraft", "sheath_start", "ejecta_start", "ejecta_end", "note")
LONGEST_REPR = 200  # characters of a value in a message
LONGEST_NAME = 100  # file names end at 255, and hold more than the event
EVENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # no slash: nothing leaves the results folder
RESERVED = ("catalogue", "catalogue.html", "events.csv", "events_left_out.csv", "index.html", "record", "validation")
EARLIEST, LATEST = datetime(1970, 1, 1), datetime(2100, 1, 1)  # of any spacecraft; datetime64[ns] holds little more
LONGEST = timedelta(days=31)  # of an event: what is longer is a slip, and would be fetched day by day
MODULE_NAME = re.compile(r"[a-z][a-z0-9_]*")
MISSIONS = tuple(sorted(p.stem for p in (Path(__file__).parent / "missions").glob("[a-z]*.py")))


class ConfigError(ValueError):
    """A setting or an event row is wrong; the message names file, row and key."""


class Frozen(BaseModel):
    """A settings block: immutable, refuses keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Fetch(Frozen):
    margin_h: float = Field(12.0, ge=0, le=240, description="hours kept before the first and after the last boundary")
    products: dict[str, dict[Literal["field", "plasma"], tuple[str, ...]]] = Field(
        default_factory=dict,
        description="preferred products per spacecraft, the first with a file is used; default: the mission's",
    )
    timeout_s: float = Field(600.0, gt=0, description="wall-clock limit of one day's download")
    max_file_gb: float = Field(1.0, gt=0, description="largest file that is taken; a day at 11 Hz has 0.05")


class Load(Frozen):
    outlier_sigma: float | None = Field(None, gt=0, description="Hampel threshold; none: no outlier is removed")
    outlier_window_s: float = Field(600.0, gt=0, description="full width of the Hampel window")


class Resample(Frozen):
    cadence_s: Literal["auto"] | Annotated[float, Field(gt=0)] = Field(
        "auto", description="bin width; auto: the slowest accumulation among the products used"
    )
    min_coverage: float = Field(0.5, gt=0, le=1, description="a bin filled less than this is missing")


class Lag(Frozen):
    search_s: float = Field(7200.0, gt=0, description="lags from minus to plus this are searched")
    min_overlap: float = Field(0.5, gt=0, le=1, description="fraction of the ejecta that both must have")
    front_window_s: float = Field(
        3600.0, gt=0, description="window around the front boundary whose minimum variance gives its normal"
    )
    min_eigenvalue_ratio: float = Field(
        2.0, ge=1, description="intermediate to minimum eigenvalue below which no planar front is assumed"
    )
    local_window_s: float = Field(7200.0, gt=0, description="window of the lag along the event")
    local_search_s: float = Field(1800.0, gt=0, description="reach of the lag along the event around the one")


class Select(Frozen):
    """What is taken from a published catalogue."""

    start: date | None = Field(None, description="first day on which an ejecta may start (UTC)")
    end: date | None = Field(None, description="first day on which it may not any more (UTC)")
    spacecraft: tuple[str, ...] = Field((), description="spacecraft to take, preferred first; none: all that are known")
    min_duration_h: float = Field(0.0, ge=0, description="shortest ejecta")
    max_duration_h: float = Field(240.0, gt=0, description="longest ejecta")
    pair: bool = Field(True, description="add spacecraft that can have seen the same ejecta")
    max_separation_au: float = Field(0.05, gt=0, description="farthest apart of a pair, where positions are known")

    @field_validator("spacecraft")
    @classmethod
    def _known(cls, names):
        return tuple(_mission(name) for name in names)


class Dask(Frozen):
    """Where long records are computed."""

    address: str | None = Field(
        None, description="dask.distributed scheduler for long records, tcp://host:8786; none: threads of this machine"
    )


class Settings(Frozen):
    """Everything a run depends on. Blocks are named after the stage that reads them."""

    events: str = Field("configs/events.csv", description="table of events")
    archive: str = Field(
        "https://spdf.gsfc.nasa.gov/pub/data", description="archive root: http(s) address or directory"
    )
    data: str = Field("data", description="where downloaded files are kept, shared by all events")
    results: str = Field("results", description="where results go")
    offline: bool = Field(False, description="use only files that were downloaded before")
    jobs: Literal["result", "event"] = Field(
        "result", description="a job per result, or all results of an event in two, for many events"
    )
    catalogue: str | None = Field(None, description="published catalogue to turn into a table of events")
    select: Select = Select()
    fetch: Fetch = Fetch()
    load: Load = Load()
    resample: Resample = Resample()
    lag: Lag = Lag()
    detect: Any = Field(None, validate_default=True, description="Alfvénic interval detection")
    diagnostics: dict[str, Any] = Field(default_factory=dict, description="a block per module of pipeline/diagnostics")
    pairs: dict[str, Any] = Field(default_factory=dict, description="a block per module of pipeline/pairs")
    figures: dict[Literal["event", "spacecraft", "pair"], tuple[str, ...]] = Field(
        default_factory=dict, description="modules of pipeline/figures, by what one figure shows"
    )
    simulate: Any = Field(None, description="a virtual event to write as an archive before fetching (the demo)")
    validation: Any = Field(None, validate_default=True, description="size of the study with known truth")
    sensitivity: Any = Field(None, validate_default=True, description="choices that snakemake sensitivity varies")

    records: Any = Field(None, description="a long record of one spacecraft, made by snakemake record")
    dask: Dask = Dask()

    @field_validator("events", "archive", "data", "results")
    @classmethod
    def _path(cls, text: str) -> str:
        if "\0" in text or not text.strip():
            raise ValueError("a path or an address cannot be blank or hold a zero byte")
        return text

    @field_validator("diagnostics", "pairs")
    @classmethod
    def _typed_blocks(cls, blocks, info):
        """Each block is checked by the Settings class of the module that it names."""
        return {name: _module_settings(info.field_name, name, block) for name, block in blocks.items()}

    @field_validator("detect", "simulate", "validation", "sensitivity", "records")
    @classmethod
    def _typed_block(cls, block, info):
        if info.field_name in ("simulate", "records") and block is None:
            return None
        return _block(importlib.import_module(f"pipeline.{info.field_name}").Settings, block)


def _mission(name: str) -> str:
    if name not in MISSIONS:
        raise ValueError(f"unknown spacecraft {name!r}, known are {', '.join(MISSIONS)}")
    return name


def _module_settings(folder: str, name: str, block: Mapping | None):
    if not MODULE_NAME.fullmatch(name) or not (Path(__file__).parent / folder / f"{name}.py").is_file():
        raise ValueError(f"pipeline/{folder}/{name}.py does not exist")
    return _block(importlib.import_module(f"pipeline.{folder}.{name}").Settings, block)


def _block(settings, block):
    if isinstance(block, settings):
        return block
    if block is not None and not isinstance(block, Mapping):
        raise ValueError("is no block of settings")
    return settings.model_validate({str(key): value for key, value in (block or {}).items()})


def read_settings(config: Mapping) -> Settings:
    """Settings from the merged configuration. Raises ConfigError naming every key that is wrong."""
    if not isinstance(config, Mapping):
        raise ConfigError(f"configuration: {config!r} is no block of settings")
    try:
        return Settings.model_validate({str(key): value for key, value in config.items()})
    except ValidationError as error:
        raise ConfigError("configuration: " + _sentences(error)) from None


def _sentences(error: ValidationError) -> str:
    def sentence(e):
        key = ".".join(str(part) for part in e["loc"])
        if e["type"] == "extra_forbidden":
            return f"unknown key {key!r}"
        message = e["msg"].removeprefix("Value error, ")
        found = repr(e["input"])
        found = found if len(found) <= LONGEST_REPR else f"{found[:LONGEST_REPR]}..."  # aliases of YAML can multiply
        return f"{key}: {message} (found {found})" if key else message

    return "; ".join(sentence(e) for e in error.errors())


class Crossing(Frozen):
    """One spacecraft's passage through the ejecta. Blank boundaries are carried over by the measured lag."""

    spacecraft: str
    sheath_start: datetime | None = None
    ejecta_start: datetime | None = None
    ejecta_end: datetime | None = None
    note: str = ""

    @field_validator("spacecraft")
    @classmethod
    def _known(cls, name):
        return _mission(name)

    @field_validator("sheath_start", "ejecta_start", "ejecta_end", mode="before")
    @classmethod
    def _utc(cls, text):
        if text is None or isinstance(text, datetime):
            return text
        if not text.strip():
            return None
        try:
            time = datetime.fromisoformat(text.strip())
        except ValueError:
            raise ValueError(f"{text!r} is not an ISO time such as 2003-11-20T11:48") from None
        # ASSUME: a time without an offset is UTC; data files carry UTC without saying so.
        if not EARLIEST.year < time.year < LATEST.year:
            raise ValueError(f"{text!r} is not between {EARLIEST.year + 1} and {LATEST.year - 1}")
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time

    @model_validator(mode="after")
    def _ordered(self):
        if (self.ejecta_start is None) != (self.ejecta_end is None):
            raise ValueError("ejecta_start and ejecta_end must both be given or both be blank")
        times = [t for t in (self.sheath_start, self.ejecta_start, self.ejecta_end) if t is not None]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError("boundaries must follow each other: sheath_start, ejecta_start, ejecta_end")
        return self

    @property
    def has_times(self) -> bool:
        return self.ejecta_start is not None


class Event(Frozen):
    """One ejecta and the spacecraft that crossed it; the first is the reference and has its times."""

    name: str
    crossings: tuple[Crossing, ...]

    @property
    def reference(self) -> Crossing:
        return self.crossings[0]

    @property
    def spacecraft(self) -> tuple[str, ...]:
        return tuple(c.spacecraft for c in self.crossings)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The reference with every other spacecraft."""
        return tuple((self.reference.spacecraft, other) for other in self.spacecraft[1:])

    @property
    def span(self) -> tuple[datetime, datetime]:
        """First and last boundary given for any spacecraft (UTC)."""
        times = [t for c in self.crossings for t in (c.sheath_start, c.ejecta_start, c.ejecta_end) if t is not None]
        return min(times), max(times)


class Events(dict):
    """Events by name; asked for one that the table does not have, it says so."""

    def __missing__(self, name):
        raise ConfigError(f"no event {name} in the table of events")


def read_events(path: str | Path) -> dict[str, Event]:
    """Events by name, in the order of the table. Raises ConfigError naming file and row (header is row 1)."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the table of events cannot be read: {error}") from None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ConfigError(f"{path}: the table of events cannot be read: {error}") from None
    header = tuple(name.strip() for name in (rows or [()])[0])
    if header != COLUMNS:
        raise ConfigError(f"{path}, row 1: columns are {','.join(header)!r}, expected {','.join(COLUMNS)!r}")
    crossings = [
        _crossing(path, number, row) for number, row in enumerate(rows[1:], start=2) if any(map(str.strip, row))
    ]
    if not crossings:
        raise ConfigError(f"{path}: no event in the table")
    return _group(path, crossings)


def _crossing(path: Path, number: int, row: list[str]) -> tuple[int, str, Crossing]:
    where = f"{path}, row {number}"
    if len(row) != len(COLUMNS):
        raise ConfigError(f"{where}: {len(row)} fields, expected {len(COLUMNS)} ({', '.join(COLUMNS)})")
    name, *fields = (field.strip() for field in row)
    try:
        check_event_name(name)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None
    try:
        return number, name, Crossing(**dict(zip(COLUMNS[1:], fields, strict=True)))
    except ValidationError as error:
        raise ConfigError(f"{where} ({name}, {fields[0] or 'no spacecraft'}): {_sentences(error)}") from None


def check_event_name(name: str) -> None:
    """Raises ValueError where `name` cannot be that of an event, which is a folder of the results."""
    if not EVENT_NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"event name {name!r} may hold only letters, digits, '_', '-' and single '.'")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"event name {name[:20]}... has {len(name)} characters, more than {LONGEST_NAME}")
    if name.lower() in RESERVED:
        raise ValueError(f"event name {name!r} is that of a file or folder beside the events")


def _group(path: Path, rows: list[tuple[int, str, Crossing]]) -> dict[str, Event]:
    events: dict[str, Event] = Events()
    known: set[str] = set()  # in lower case: some file systems take "E1" and "e1" for one name
    for name, group in groupby(rows, key=lambda row: row[1]):
        group = list(group)
        first, seen = group[0][0], {}
        if name.lower() in known:
            raise ConfigError(f"{path}, row {first}: event {name} appears twice; keep the rows of an event together")
        for number, _, crossing in group:
            if crossing.spacecraft in seen:
                earlier = seen[crossing.spacecraft]
                raise ConfigError(
                    f"{path}, row {number}: {name} already has a row for {crossing.spacecraft} (row {earlier})"
                )
            seen[crossing.spacecraft] = number
        if not group[0][2].has_times:
            raise ConfigError(f"{path}, row {first}: {name} needs ejecta_start and ejecta_end in its first row")
        event = Event(name=name, crossings=tuple(crossing for _, _, crossing in group))
        if event.span[1] - event.span[0] > LONGEST:
            raise ConfigError(
                f"{path}, row {first}: {name} lasts from {event.span[0]} to {event.span[1]}, over 31 days"
            )
        events[name] = event
        known.add(name.lower())
    return events
