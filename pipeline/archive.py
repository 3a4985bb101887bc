"""Archive to data folder: each day's file whole and verified, a recorded absence, or an error that names the address.

Files land in the archive's own layout below the data folder, each with a record beside it (`<file>.json`: url, bytes,
sha256, time). A file whose record fits is not fetched again. Three clients answer the same question, `retrieve(product,
day, staging)`: an http(s) archive through pyspedas, a directory with the same layout, and the data folder alone.
"""

import importlib
import inspect
import json
import logging
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pipeline import cdf, provenance
from pipeline.config import ConfigError, Event, Fetch
from pipeline.product import Product

if TYPE_CHECKING:
    import requests


KINDS = ("field", "plasma")
STAGING_PREFIX = ".fetch-"
STALE_S = 86_400.0  # staging folders of killed runs are swept after a day
CHATTER = "No links matching pattern"  # what pyspedas logs where the listing holds no such file
NOT_LISTED = "not in the archive's listing"
LISTING_BYTES = 50e6  # a year's listing has a thousandth of it
LISTING = r"\.cdf\b|index of|directory listing"  # of Apache, nginx, Python; a page under maintenance has none of these


class ArchiveError(OSError):
    """An archive did not give a whole, readable file; the message names event, spacecraft, day and address."""


@dataclass(frozen=True)
class Answer:
    """A day's file in the staging folder and its address, or neither and the reason why it is absent."""

    path: Path | None = None
    url: str = ""
    absent: str = ""


def fetch(
    event: Event,
    spacecraft: str,
    *,
    archive: str,
    data: str | Path,
    settings: Fetch,
    search_s: float = 0.0,
    offline: bool = False,
) -> dict:
    """Bring the files of one spacecraft's event into `data` and return the manifest (plain values, JSON-able).

    Days are those of the event's boundaries widened by `settings.margin_h`, and by the lag search `search_s` (s), so
    that carried boundaries lie inside. Of each kind the first product is used that has a file in the event itself.
    A kind without any file has product None and says why. Raises ArchiveError for whatever is not a plain absence.
    """
    sweep(data)
    client = client_of(archive, Path(data), settings, offline)
    core, days = days_of(event.span, search_s, settings.margin_h)
    manifest = {"event": event.name, "spacecraft": spacecraft, "archive": str(archive), "offline": offline}
    for kind in KINDS:
        products = preferred(spacecraft, kind, settings)
        manifest[kind] = fetch_kind(products, core, days, client, Path(data), f"{event.name}, {spacecraft}")
    if not any(manifest[kind]["product"] for kind in KINDS):
        client.insist(mission(spacecraft), f"{event.name}, {spacecraft}")
    return manifest


def mission(spacecraft: str) -> ModuleType:
    """The module that declares a spacecraft's products."""
    return importlib.import_module(f"pipeline.missions.{spacecraft}")


def preferred(spacecraft: str, kind: str, settings: Fetch) -> list[Product]:
    """Products of one kind in the order to try. Raises ConfigError naming the key where the order is not possible."""
    products = mission(spacecraft).PRODUCTS
    names = settings.products.get(spacecraft, {}).get(kind, mission(spacecraft).PREFERENCE[kind])
    known = [name for name, product in products.items() if product.kind == kind]
    for name in names:
        if name not in known:
            key = f"fetch.products.{spacecraft}.{kind}"
            raise ConfigError(f"configuration: {key}: unknown product {name!r}, known are {', '.join(known)}")
    return [products[name] for name in names]


def days_of(span: tuple[datetime, datetime], search_s: float, margin_h: float) -> tuple[list[date], list[date]]:
    """Days of the event itself, wherever in the lag search it lies, and days of the whole window with its margin."""
    search, margin = timedelta(seconds=search_s), timedelta(hours=margin_h)
    return tuple(_days(span[0] - search - extra, span[1] + search + extra) for extra in (timedelta(0), margin))


def _days(first: datetime, last: datetime) -> list[date]:
    return [first.date() + timedelta(days=n) for n in range((last.date() - first.date()).days + 1)]


def fetch_kind(
    products: list[Product], core: list[date], days: list[date], client: "Client", data: Path, who: str
) -> dict:
    """Files of the first product that has one on a day of `core`, for all `days`; what was tried before; absences."""
    tried = []
    for product in products:
        entries = {day: fetch_day(product, day, client, data, who) for day in core}
        if any("path" in entry for entry in entries.values()):
            entries |= {day: fetch_day(product, day, client, data, who) for day in days if day not in entries}
            files = [entries[day] for day in days if "path" in entries[day]]
            absent = [entries[day] for day in days if "path" not in entries[day]]
            return {"product": product.name, "reason": "", "files": files, "absent": absent, "tried": tried}
        reasons = "; ".join(dict.fromkeys(entry["reason"] for entry in entries.values()))
        tried.append({"product": product.name, "reason": f"no file on {_named(core)}: {reasons}"})
    reason = "; ".join(f"{each['product']}: {each['reason']}" for each in tried) or "no product was asked for"
    return {"product": None, "reason": reason, "files": [], "absent": [], "tried": tried}


def _named(days: list[date]) -> str:
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"


def fetch_day(product: Product, day: date, client: "Client", data: Path, who: str) -> dict:
    """Manifest entry of one day: the file's path in `data`, url, bytes, sha256 and time, or why it is absent."""
    begin = time.monotonic()
    try:
        entry, how = client.current(product, day), "already there"
        if entry is None:
            entry, how = download_day(product, day, client, data), f"fetched in {time.monotonic() - begin:.1f} s"
    except (ArchiveError, cdf.CdfError) as error:
        raise ArchiveError(f"{who}, {day}: {client.address(product, day)}: {error}") from error
    what = f"{Path(entry['path']).name}, {entry['bytes'] / 1e6:.2f} MB, {how}" if "path" in entry else entry["reason"]
    print(f"{who}, {day}: {product.name}: {what}", file=sys.stderr, flush=True)
    return {"day": str(day), **entry}


def download_day(product: Product, day: date, client: "Client", data: Path) -> dict:
    """Retrieve, verify and publish one day's file; nothing is left behind on failure."""
    if isinstance(client, Store):  # writes nothing: the data folder may be another's, to be read only
        return {"reason": client.retrieve(product, day, data).absent}
    data.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=data, prefix=STAGING_PREFIX))
    try:
        answer = client.retrieve(product, day, staging)
        if answer.path is None:
            return {"reason": answer.absent}
        try:
            cdf.verify(answer.path, product, day)
        except cdf.CdfError as error:
            raise ArchiveError(f"the file is damaged: {str(error).removeprefix(f'{answer.path}: ')}") from error
        return publish(answer.path, answer.url, data / Path(product.pattern(day)).parent / answer.path.name, data)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def publish(staged: Path, url: str, final: Path, data: Path) -> dict:
    """Move a verified file to its place, its record first: a crash in between leaves a record that does not fit."""
    record = _record(staged, url)
    final.parent.mkdir(parents=True, exist_ok=True)
    provenance.write_json(record, record_of(final))
    with open(staged, "rb") as file:
        os.fsync(file.fileno())  # the new name may reach the disk before the bytes do
    staged.replace(final)
    return {"path": final.relative_to(data).as_posix(), **record}


def _record(path: Path, url: str) -> dict:
    size, digest = path.stat().st_size, provenance.sha256(path)
    return {"url": url, "bytes": size, "sha256": digest, "fetched": provenance.now()}


def record_of(path: Path) -> Path:
    """The record that lies beside a file of the data folder."""
    return path.with_name(path.name + ".json")


def newest(folder: Path, pattern: str) -> Path | None:
    """The file of the highest version that fits `pattern` (relative, `?` for digits) below `folder`."""
    return max(folder.glob(pattern), default=None, key=lambda path: path.name)


def stored(product: Product, day: date, data: Path) -> dict | None:
    """Entry of the newest file of a day in the data folder; None where there is none.

    A file without a record (put there by hand or by another program) is verified and, where one may write, gets one.
    Raises ArchiveError where the file is not what its record says, CdfError where it is damaged.
    """
    path = newest(data, product.pattern(day))
    if path is None:
        return None
    if not record_of(path).is_file():
        cdf.verify(path, product, day)
        if not os.access(path.parent, os.W_OK):
            return {"path": path.relative_to(data).as_posix(), **_record(path, "")}
        return publish(path, "", path, data)
    record = json.loads(record_of(path).read_text("utf-8"))
    if provenance.sha256(path) != record["sha256"]:
        raise ArchiveError(f"{path} has changed since it was fetched: its sha256 is not the recorded one")
    return {"path": path.relative_to(data).as_posix(), **record}


def insist_unchanged(manifest: dict, data: str | Path, who: str) -> None:
    """Raise ArchiveError where a file of the manifest is not, byte by byte, the one that was fetched.

    The whole file is read: size and time of change are easily kept, and reading is short beside decoding.
    """
    for entry in (entry for kind in KINDS for entry in manifest[kind]["files"]):
        path = Path(data) / entry["path"]
        if not path.is_file():
            raise ArchiveError(f"{who}: {path} was fetched and is gone; run again with --forcerun fetch")
        if provenance.sha256(path) != entry["sha256"]:
            raise ArchiveError(
                f"{who}: {path} is not the file that was fetched: its sha256 is not the manifest's; "
                "remove it and run again with --forcerun fetch"
            )


def sweep(data: str | Path) -> None:
    """Remove staging folders that a killed run left more than a day ago."""
    for folder in Path(data).glob(f"{STAGING_PREFIX}*"):
        with suppress(FileNotFoundError):  # another run finished with it
            if time.time() - folder.stat().st_mtime > STALE_S:
                shutil.rmtree(folder, ignore_errors=True)


def client_of(archive: str, data: Path, settings: Fetch, offline: bool) -> "Client":
    """The client for an archive root: http(s) address or directory, or the data folder alone where `offline`."""
    if offline:
        return Store(data)
    if re.match(r"https?://", str(archive)):
        return Remote(str(archive).rstrip("/"), data, settings.timeout_s, settings.max_file_gb * 1e9)
    if "://" in str(archive):
        raise ArchiveError(f"archive {archive!r} is neither an http(s) address nor a directory")
    return Directory(Path(archive), data)


@dataclass(frozen=True)
class Store:
    """The data folder and nothing else (offline)."""

    data: Path

    def address(self, product: Product, day: date) -> str:
        return str(self.data / product.pattern(day))

    def current(self, product: Product, day: date) -> dict | None:
        return stored(product, day, self.data)

    def retrieve(self, product: Product, day: date, staging: Path) -> Answer:
        return Answer(absent="not in the local store, and offline")

    def insist(self, mission: ModuleType, who: str) -> None:
        """Nothing more can be asked."""


@dataclass(frozen=True)
class Directory:
    """A local directory in the archive's layout. What it holds now counts: a file changed there is copied again."""

    root: Path
    data: Path

    def address(self, product: Product, day: date) -> str:
        return str(self.root / product.pattern(day))

    def current(self, product: Product, day: date) -> dict | None:
        source, held = newest(self.root, product.pattern(day)), newest(self.data, product.pattern(day))
        if held is None or (
            source and (source.name > held.name or provenance.sha256(source) != provenance.sha256(held))
        ):
            return None
        return stored(product, day, self.data)

    def retrieve(self, product: Product, day: date, staging: Path) -> Answer:
        source = newest(self.root, product.pattern(day))
        if source is None:
            return Answer(absent="not in the archive")
        return Answer(Path(shutil.copyfile(source, staging / source.name)), source.resolve().as_uri())

    def insist(self, mission: ModuleType, who: str) -> None:
        """Raise ArchiveError where the directory itself is missing."""
        if not self.root.is_dir():
            raise ArchiveError(f"{who}: the archive {self.root} is not a directory")


@dataclass(frozen=True)
class Remote:
    """An http(s) archive, asked through pyspedas for one day at a time."""

    root: str
    data: Path
    timeout_s: float
    max_bytes: float

    def address(self, product: Product, day: date) -> str:
        return f"{self.root}/{product.pattern(day)}"

    def current(self, product: Product, day: date) -> dict | None:
        """A damaged file in the data folder is as good as none: it is fetched again."""
        try:
            return stored(product, day, self.data)
        except (ArchiveError, cdf.CdfError):
            return None

    def retrieve(self, product: Product, day: date, staging: Path) -> Answer:
        """The day's file, or its absence as the archive's own answers show it. Raises ArchiveError otherwise."""
        import urllib3

        records: list[logging.LogRecord] = []
        try:
            with captured_log(records), deadline(self.timeout_s), one_host(self.root), bounded(self.max_bytes):
                paths = ask_pyspedas(product, day, self.root, staging)
        except DeadlinePassed:
            raise ArchiveError(f"not finished within {self.timeout_s:g} s ({heard(records)})") from None
        except ArchiveError:
            raise
        except (OSError, urllib3.exceptions.HTTPError) as error:
            refused = re.search(r"too many (\d{3}) error responses", str(error))
            story = f"{type(error).__name__}: {error} ({heard(records)})"
            raise ArchiveError(f"the archive answered {refused[1]} to every try" if refused else story) from error
        folder = self.address(product, day).rpartition("/")[0]
        if paths:
            path = max(map(Path, paths), key=lambda path: path.name)
            return Answer(path, f"{folder}/{path.name}")
        reason = absence(records)
        if reason == NOT_LISTED and not is_listing(page(f"{folder}/").text):
            raise ArchiveError(f"what the archive answers for {folder}/ is no whole listing of files")
        return Answer(absent=reason)

    def insist(self, mission: ModuleType, who: str) -> None:
        """Raise ArchiveError where neither the root nor a folder of the mission exists: the address is wrong."""
        folders = {product.path.split("/")[0] for product in mission.PRODUCTS.values()}
        addresses = [f"{self.root}/", *(f"{self.root}/{folder}/" for folder in sorted(folders))]
        if all(page(address).status_code == 404 for address in addresses):
            raise ArchiveError(f"{who}: {addresses[1]}: no archive at this address, nor at {addresses[0]}")


def is_listing(text: str) -> bool:
    """True for a page of a folder's files that was not cut short."""
    text = text.lower()
    return bool(re.search(LISTING, text)) and ("<html" not in text or "</html>" in text)


def page(address: str) -> "requests.Response":
    """The archive's answer (requests.Response) to one plain request. Raises ArchiveError where there is none."""
    import requests

    try:
        with one_host(address), bounded(LISTING_BYTES):
            return requests.get(address, timeout=(10, 20))
    except requests.RequestException as error:
        raise ArchiveError(f"{address}: {error}") from error


@contextmanager
def one_host(address: str) -> Iterator[None]:
    """Follow redirects in the enclosed block only within the host of `address`; another raises ArchiveError."""
    import requests

    follow, host = requests.Session.get_redirect_target, urlsplit(address).hostname

    def target(session, response):
        where = follow(session, response)
        if where and urlsplit(urljoin(response.url, where)).hostname != host:
            raise ArchiveError(f"the archive sends on to another host, which is not followed: {where}")
        return where

    requests.Session.get_redirect_target = target
    try:
        yield
    finally:
        requests.Session.get_redirect_target = follow


@contextmanager
def bounded(max_bytes: float) -> Iterator[None]:
    """Raise ArchiveError in the enclosed block where an answer is larger, by what it announces or by what arrives.

    Without this a body without end fills disk or memory until the deadline. Listings, read into memory, may have
    LISTING_BYTES.
    """
    import requests

    read = requests.Response.iter_content

    def counted(response, *args, **options):
        limit = max_bytes if urlsplit(response.url).path.endswith(".cdf") else min(max_bytes, LISTING_BYTES)
        announced, size = response.headers.get("Content-Length", ""), 0
        if announced.isdigit() and int(announced) > limit:
            raise ArchiveError(f"the answer announces {announced} bytes, more than the {limit:.0f} that are taken")
        for chunk in read(response, *args, **options):
            size += len(chunk)
            if size > limit:
                raise ArchiveError(f"the answer does not end within the {limit:.0f} bytes that are taken")
            yield chunk

    requests.Response.iter_content = counted
    try:
        yield
    finally:
        requests.Response.iter_content = read


def ask_pyspedas(product: Product, day: date, root: str, staging: Path) -> list[str]:
    """Files of one day that pyspedas downloaded into `staging`, where its temporary files are kept too.

    One day a call: asked for several, pyspedas returns those that it got and does not say which failed.
    """
    project, instrument, datatype = product.client
    # pyspedas imports spacepy, which writes ~/.spacepy at its first import: two fetches at once read it half written.
    os.environ.setdefault("SPACEPY", str(staging))
    loader = getattr(importlib.import_module(f"pyspedas.projects.{project}"), instrument)
    config = importlib.import_module(f"pyspedas.projects.{project}.config").CONFIG
    saved, saved_tempdir = dict(config), tempfile.tempdir
    wanted = {"remote_data_dir": f"{root}/{product.path.split('/')[0]}/", "local_data_dir": str(staging)}
    # Masters come from another host and are of no use to a download.
    options = {"addmaster": False} if "addmaster" in inspect.signature(loader).parameters else {}
    try:
        config.update(wanted | ({"no_download": False} if "no_download" in config else {}))
        tempfile.tempdir = str(staging)
        trange = [str(day), str(day + timedelta(days=1))]
        return loader(trange=trange, datatype=datatype, downloadonly=True, **options) or []
    finally:
        config.update(saved)
        tempfile.tempdir = saved_tempdir


Client = Store | Directory | Remote


def absence(records: list[logging.LogRecord]) -> str:
    """Why a download without result is a plain absence. Raises ArchiveError unless the archive's answers say so.

    pyspedas returns nothing for a missing day and for a dead host alike; the status codes tell them apart.
    """
    answers = responses(records)
    odd = [(path, status) for path, status in answers if status not in (200, 304, 404) and not 300 <= status < 400]
    if odd:
        raise ArchiveError(f"the archive answered {odd[-1][1]} for {odd[-1][0]}")
    if any(status == 200 and path.endswith(".cdf") for path, status in answers):
        raise ArchiveError("what arrived is short or is no CDF file, twice")
    missing = [path for path, status in answers if status == 404]
    if missing:
        listed = missing[-1].endswith(".cdf")
        return "listed by the archive, but not there" if listed else "the archive has no folder for the year"
    if answers and any(CHATTER in record.getMessage() for record in records):
        return NOT_LISTED
    raise ArchiveError(f"the archive cannot be reached ({heard(records)})")


def responses(records: list[logging.LogRecord]) -> list[tuple[str, int]]:
    """Path and status of every answer, as the http library logs them."""
    lines = (record.getMessage() for record in records if record.name == "urllib3.connectionpool")
    found = (re.search(r'"GET (\S+) HTTP/\S+" (\d{3}) ', line) for line in lines)
    return [(match[1], int(match[2])) for match in found if match]


def heard(records: list[logging.LogRecord]) -> str:
    """The last warning that pyspedas gave, for a message."""
    warnings = [r.getMessage() for r in records if r.levelno >= logging.WARNING and r.name == "root"]
    return warnings[-1] if warnings else f"{len(responses(records))} answers before"


@contextmanager
def captured_log(records: list[logging.LogRecord]) -> Iterator[None]:
    """Collect what pyspedas and the http library log, in place of printing it; the logging is restored afterwards.

    pyspedas sets the root logger up for itself when imported, so this also encloses its first import.
    """
    root, http = logging.getLogger(), logging.getLogger("urllib3.connectionpool")
    saved = root.handlers[:], root.level, http.level
    handler = logging.Handler()
    handler.emit = records.append
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    http.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.handlers, level, http_level = saved
        root.setLevel(level)
        http.setLevel(http_level)
        logging.captureWarnings(False)


class DeadlinePassed(BaseException):
    """Not an OSError: the http library would take that for a broken connection and try again."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise DeadlinePassed in the enclosed block after `seconds` of wall clock, and each second after until it ends.

    Time limits of single reads do not bound a body that trickles. Works in the main thread only, where Python receives
    signals; elsewhere the block is not bounded.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def strike(signum, frame):
        raise DeadlinePassed

    previous = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
