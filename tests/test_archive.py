"""Fetching: the genuine client against a loopback archive, and every fault that must not pass for data or absence."""

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from functools import partial
from pathlib import Path

import archive_server
import pytest
from archive_server import ArchiveServer, hurry

from pipeline import archive, provenance
from pipeline.archive import ArchiveError, fetch
from pipeline.config import ConfigError, Crossing, Event, Fetch

EVENT = Event(
    name="2003-11-20",
    crossings=(
        Crossing(spacecraft="ace", ejecta_start="2003-11-20T11:48", ejecta_end="2003-11-20T18:44"),
        Crossing(spacecraft="wind"),
    ),
)
# One product of each kind and no margin: one day's file, so that a test of a fault is one question to the archive.
FIELD_ONLY = {"ace": {"field": ("AC_H1_MFI",), "plasma": ()}}
ONE_FILE = Fetch(margin_h=0, products=FIELD_ONLY)
FILE = "ace/mag/level_2_cdaweb/mfi_h1/2003/ac_h1_mfi_20031120_v99.cdf"
INDEX = "/ace/mag/level_2_cdaweb/mfi_h1/2003/"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server(shared):
    with ArchiveServer(shared / "archive") as server:
        yield server


@pytest.fixture
def quick(monkeypatch):
    hurry(monkeypatch)


def everything_in(folder: Path) -> list[Path]:
    """All files and staging folders, hidden ones too."""
    return [path for path in folder.rglob("*") if path.is_file() or path.name.startswith(archive.STAGING_PREFIX)]


@pytest.mark.usefixtures("quick")
def test_genuine_event_through_the_genuine_client(server, shared, tmp_path, capsys):
    """Both spacecraft of 2003-11-20: products fall through, three days and one, files identical to the archive's."""
    ace = fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=Fetch(), search_s=7200)
    wind = fetch(EVENT, "wind", archive=server.url + "/", data=tmp_path, settings=Fetch(), search_s=7200)

    assert [ace["field"]["product"], ace["plasma"]["product"]] == ["AC_H1_MFI", "AC_H0_SWE"]
    assert [wind["field"]["product"], wind["plasma"]["product"]] == ["WI_H0_MFI", "WI_H1_SWE"]
    assert [each["product"] for each in ace["field"]["tried"]] == ["AC_H0_MFI", "AC_H3_MFI"]
    assert [each["product"] for each in wind["plasma"]["tried"]] == ["WI_PM_3DP"]
    assert "no folder for the year" in wind["plasma"]["tried"][0]["reason"]
    days = ["2003-11-19", "2003-11-20", "2003-11-21"]
    assert [file["day"] for file in ace["field"]["files"]] == days
    assert [file["day"] for file in ace["plasma"]["files"]] == days
    assert [file["day"] for file in wind["field"]["files"]] == ["2003-11-20"]
    assert wind["plasma"]["absent"] == [
        {"day": day, "reason": "not in the archive's listing"} for day in (days[0], days[2])
    ]

    for manifest in (ace, wind):
        assert json.loads(json.dumps(manifest)) == manifest
        for file in manifest["field"]["files"] + manifest["plasma"]["files"]:
            source, copy = shared / "archive" / file["path"], tmp_path / file["path"]
            assert copy.read_bytes() == source.read_bytes()
            assert file["sha256"] == provenance.sha256(source)
            assert file["bytes"] == source.stat().st_size
            assert file["url"] == f"{server.url}/{file['path']}"
            assert datetime.fromisoformat(file["fetched"]).tzinfo is not None
            record = json.loads(copy.with_name(copy.name + ".json").read_text())
            assert record == {key: file[key] for key in ("url", "bytes", "sha256", "fetched")}
    assert len(everything_in(tmp_path)) == 2 * 8
    progress = capsys.readouterr().err.splitlines()
    assert sum("fetched in" in line for line in progress) == 8
    assert all(line.startswith("2003-11-20, ") for line in progress)


@pytest.mark.usefixtures("quick")
def test_what_was_fetched_is_not_fetched_again(server, tmp_path, capsys):
    first = fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    assert len(server.requests) == 2  # the listing and the file
    again = fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    assert again == first
    assert len(server.requests) == 2
    assert "already there" in capsys.readouterr().err

    damaged = tmp_path / FILE
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\0")
    healed = fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    assert healed["field"]["files"][0]["sha256"] == first["field"]["files"][0]["sha256"]
    assert len(server.requests) == 4


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "fault",
    [
        "500",
        "503",
        "403",
        "401",
        "410",
        "429",
        "truncated",
        "truncated_unannounced",
        "short",
        "dropped",
        "redirect_loop",
        "redirect_to_another_host",
        "corrupt",
        "html",
        "empty",
        "reset",
    ],
)
def test_a_broken_file_is_an_error_leaves_nothing_and_is_made_good_by_the_next_run(server, shared, tmp_path, fault):
    server.faults["*_20031120_v99.cdf"] = fault
    with pytest.raises(ArchiveError) as error:
        fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    pattern = FILE.replace("v99", "v??")
    assert str(error.value).startswith(f"2003-11-20, ace, 2003-11-20: {server.url}/{pattern}: ")
    assert "\n" not in str(error.value)
    assert everything_in(tmp_path) == []
    server.faults.clear()
    fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    assert (tmp_path / FILE).read_bytes() == (shared / "archive" / FILE).read_bytes()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "fault", ["500", "503", "403", "410", "reset", "html", "cut_listing", "redirect_loop", "redirect_to_another_host"]
)
def test_a_broken_listing_is_an_error(server, tmp_path, fault):
    """Anything but a listing or a 404 says nothing about the day; pyspedas reads most of these as an empty listing."""
    server.faults[INDEX] = fault
    with pytest.raises(ArchiveError, match=r"2003-11-20, ace, 2003-11-20: http://127\.0\.0\.1"):
        fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    assert everything_in(tmp_path) == []


@pytest.mark.usefixtures("quick")
def test_an_unreachable_archive_is_an_error(server, tmp_path):
    with ArchiveServer(tmp_path) as gone:
        url = gone.url
    with pytest.raises(ArchiveError, match="cannot be reached"):
        fetch(EVENT, "ace", archive=url, data=tmp_path, settings=ONE_FILE)
    assert everything_in(tmp_path) == []


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("fault", "seen"), [("500_once", [500]), ("500_thrice", [500, 500, 500]), ("busy", [429])])
def test_an_archive_that_recovers_is_no_error(server, tmp_path, fault, seen):
    """Errors, then the file: the client's own retries. Its courtesy is kept, only the waiting is taken out."""
    server.faults["*_20031120_v99.cdf"] = fault
    manifest = fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    assert [status for _, status in server.requests] == [200, *seen, 200]
    assert len(manifest["field"]["files"]) == 1


def test_retry_after_is_waited_for(server, tmp_path, monkeypatch):
    hurry(monkeypatch)
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    server.faults["*_20031120_v99.cdf"] = "busy"
    fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    assert 7 in waits


@pytest.mark.usefixtures("quick")
def test_an_error_for_ever_ends(server, tmp_path):
    server.faults["*_20031120_v99.cdf"] = "500"
    with pytest.raises(ArchiveError, match=r"2003-11-20: http://127\.0\.0\.1.*the archive answered 500 to every try"):
        fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    assert [status for _, status in server.requests] == [200, 500, 500, 500, 500]


@pytest.mark.usefixtures("quick")
def test_a_body_that_trickles_ends_at_the_deadline(server, tmp_path):
    server.faults["*.cdf"] = "trickle"
    begin = time.monotonic()
    with pytest.raises(ArchiveError, match=r"not finished within 0\.5 s"):
        fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE.model_copy(update={"timeout_s": 0.5}))
    assert time.monotonic() - begin < 4
    assert everything_in(tmp_path) == []


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("where", "fault", "words"),
    [
        ("*.cdf", "endless", "does not end within the 1000000 bytes"),
        ("*.cdf", "huge", "announces 5000000000000 bytes, more than the 1000000 that are taken"),
        (INDEX, "endless", "does not end within the 1000000 bytes"),
        (INDEX, "huge", "announces 5000000000000 bytes"),
    ],
)
def test_a_body_without_end_or_of_any_size_ends_at_the_limit_of_size(server, tmp_path, where, fault, words):
    server.faults[where] = fault
    limited = ONE_FILE.model_copy(update={"max_file_gb": 1e-3})
    begin = time.monotonic()
    with pytest.raises(ArchiveError, match=rf"2003-11-20, ace, 2003-11-20: http://127.*{words}"):
        fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=limited)
    assert time.monotonic() - begin < 20
    assert everything_in(tmp_path) == []
    server.faults.clear()
    assert len(fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=limited)["field"]["files"]) == 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("pattern", "reason"), [("*.cdf", "listed by the archive, but not"), (INDEX, "no folder for the year")]
)
def test_a_404_is_an_absence(server, tmp_path, pattern, reason):
    server.faults[pattern] = "404"
    manifest = fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    assert manifest["field"]["product"] is None
    assert manifest["field"]["files"] == []
    assert reason in manifest["field"]["reason"]
    assert everything_in(tmp_path) == []


@pytest.mark.usefixtures("quick")
def test_an_empty_listing_is_an_absence_that_the_next_run_asks_for_again(server, tmp_path):
    server.faults[INDEX] = "empty_listing"
    manifest = fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
    assert "not in the archive's listing" in manifest["field"]["reason"]
    assert everything_in(tmp_path) == []
    server.faults.clear()
    assert fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)["field"]["files"]


@pytest.mark.usefixtures("quick")
def test_another_host_is_not_asked(shared, tmp_path):
    """A redirect to another host is refused before anything is sent there, although it would answer well."""
    with ArchiveServer(shared / "archive") as other, ArchiveServer(shared / "archive") as server:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        archive_server.FAULTS["elsewhere"] = partial(archive_server.redirect, f"{elsewhere}/{FILE}")
        server.faults["*_20031120_v99.cdf"] = "elsewhere"
        with pytest.raises(ArchiveError, match="another host, which is not followed: http://localhost"):
            fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
        assert other.requests == []
        archive_server.FAULTS["elsewhere"] = partial(archive_server.redirect, f"/{FILE}?again")
        fetch(EVENT, "ace", archive=server.url, data=tmp_path, settings=ONE_FILE)
        assert (tmp_path / FILE).is_file()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("remote", [True, False])
def test_a_newer_version_between_runs(shared, tmp_path, remote):
    """A directory is looked at by every run; of an http archive, what was fetched stays until it is deleted."""
    root, data = tmp_path / "archive", tmp_path / "data"
    older, newer = (root / FILE.replace("v99", version) for version in ("v06", "v07"))
    older.parent.mkdir(parents=True)
    shutil.copy(shared / "archive" / FILE, older)
    with ArchiveServer(root) as server:
        source = server.url if remote else root

        def names():
            manifest = fetch(EVENT, "ace", archive=source, data=data, settings=ONE_FILE)
            return [Path(file["path"]).name[-7:-4] for file in manifest["field"]["files"]]

        assert names() == ["v06"]
        older.rename(newer)
        assert names() == (["v06"] if remote else ["v07"])
        (data / FILE.replace("v99", "v06")).unlink()
        assert names() == ["v07"]


@pytest.mark.usefixtures("quick")
def test_a_wrong_address_is_an_error(server, tmp_path):
    with pytest.raises(ArchiveError, match="no archive at this address"):
        fetch(EVENT, "ace", archive=server.url + "/pub/date", data=tmp_path, settings=ONE_FILE)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("remote", [True, False])
def test_of_two_versions_the_higher_is_used(shared, tmp_path, remote):
    root = tmp_path / "archive"
    folder = (root / FILE).parent
    folder.mkdir(parents=True)
    shutil.copy(shared / "archive" / FILE, folder / "ac_h1_mfi_20031120_v07.cdf")
    (folder / "ac_h1_mfi_20031120_v06.cdf").write_bytes((shared / "archive" / FILE).read_bytes())
    with ArchiveServer(root) as server:
        source = server.url if remote else root
        manifest = fetch(EVENT, "ace", archive=source, data=tmp_path / "data", settings=ONE_FILE)
    assert [Path(file["path"]).name for file in manifest["field"]["files"]] == ["ac_h1_mfi_20031120_v07.cdf"]
    assert len(everything_in(tmp_path / "data")) == 2


def test_the_client_leaves_no_trace(server, tmp_path, monkeypatch):
    """Folders, logging and temporary files of the process are as before, after success and after failure."""
    hurry(monkeypatch)
    from pyspedas.projects.ace.config import CONFIG

    before = dict(CONFIG), logging.getLogger().level, logging.getLogger().handlers[:]
    fetch(EVENT, "ace", archive=server.url, data=tmp_path / "good", settings=ONE_FILE)
    server.faults["*.cdf"] = "truncated_unannounced"
    with pytest.raises(ArchiveError):
        fetch(EVENT, "ace", archive=server.url, data=tmp_path / "bad", settings=ONE_FILE)
    assert (dict(CONFIG), logging.getLogger().level, logging.getLogger().handlers[:]) == before
    import tempfile

    assert tempfile.tempdir != str(tmp_path)


def test_directory_archive_gives_the_same_files(shared, tmp_path):
    """The same patterns without the client; every genuine file of the event is found."""
    ace = fetch(EVENT, "ace", archive=str(shared / "archive"), data=tmp_path, settings=Fetch(), search_s=7200)
    wind = fetch(EVENT, "wind", archive=str(shared / "archive"), data=tmp_path, settings=Fetch(), search_s=7200)
    assert [m[kind]["product"] for m in (ace, wind) for kind in archive.KINDS] == [
        "AC_H1_MFI",
        "AC_H0_SWE",
        "WI_H0_MFI",
        "WI_H1_SWE",
    ]
    assert [len(m[kind]["files"]) for m in (ace, wind) for kind in archive.KINDS] == [3, 3, 1, 1]
    assert ace["field"]["files"][0]["url"].startswith("file://")
    assert wind["field"]["absent"][0] == {"day": "2003-11-19", "reason": "not in the archive"}


def test_directory_archive_that_changed_is_read_anew(shared, tmp_path):
    root, data = tmp_path / "archive", tmp_path / "data"
    (root / FILE).parent.mkdir(parents=True)
    shutil.copy(shared / "archive" / FILE, root / FILE)
    first = fetch(EVENT, "ace", archive=root, data=data, settings=ONE_FILE)
    again = fetch(EVENT, "ace", archive=root, data=data, settings=ONE_FILE)
    assert again == first
    (root / FILE).chmod(0o644)
    (root / FILE).write_bytes((root / FILE).read_bytes() + b"\0")  # still a whole file by its own header
    changed = fetch(EVENT, "ace", archive=root, data=data, settings=ONE_FILE)
    assert changed["field"]["files"][0]["bytes"] == first["field"]["files"][0]["bytes"] + 1


def test_directory_archive_faults(shared, tmp_path):
    with pytest.raises(ArchiveError, match="is not a directory"):
        fetch(EVENT, "ace", archive=tmp_path / "nowhere", data=tmp_path / "data", settings=ONE_FILE)
    with pytest.raises(ArchiveError, match="neither an http"):
        fetch(EVENT, "ace", archive="ftp://host/pub/data", data=tmp_path / "data", settings=ONE_FILE)
    broken = tmp_path / "archive" / FILE
    broken.parent.mkdir(parents=True)
    broken.write_bytes((shared / "archive" / FILE).read_bytes()[:9000])
    with pytest.raises(ArchiveError, match=r"2003-11-20, ace, 2003-11-20: .*mfi_20031120_v.*truncated: 9000 bytes"):
        fetch(EVENT, "ace", archive=tmp_path / "archive", data=tmp_path / "data", settings=ONE_FILE)
    assert everything_in(tmp_path / "data") == []


def test_no_file_of_any_product_is_a_result(tmp_path):
    """Missing data keeps its row: both kinds without product, each with the reason of everything tried."""
    (tmp_path / "archive").mkdir()
    manifest = fetch(EVENT, "wind", archive=tmp_path / "archive", data=tmp_path / "data", settings=Fetch())
    assert [manifest[kind]["product"] for kind in archive.KINDS] == [None, None]
    assert "WI_PLSP_3DP: no file on 2003-11-20: not in the archive" in manifest["plasma"]["reason"]
    assert len(manifest["plasma"]["tried"]) == 3


def test_offline_uses_the_data_folder_alone(shared, tmp_path):
    online = fetch(EVENT, "wind", archive=shared / "archive", data=tmp_path, settings=Fetch())
    offline = fetch(EVENT, "wind", archive="http://192.0.2.1", data=tmp_path, settings=Fetch(), offline=True)
    assert offline["field"]["files"] == online["field"]["files"]
    assert offline["field"]["absent"][0]["reason"] == "not in the local store, and offline"
    assert "not in the local store" in offline["plasma"]["tried"][0]["reason"]
    nothing = fetch(EVENT, "ace", archive="http://192.0.2.1", data=tmp_path, settings=Fetch(), offline=True)
    assert nothing["field"]["product"] is None

    path = tmp_path / online["field"]["files"][0]["path"]
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    with pytest.raises(ArchiveError, match="has changed since it was fetched"):
        fetch(EVENT, "wind", archive="http://192.0.2.1", data=tmp_path, settings=Fetch(), offline=True)


READ_ONLY = """
import sys
from datetime import datetime
from pipeline.archive import fetch
from pipeline.config import Crossing, Event, Fetch
times = {"ejecta_start": datetime(2003, 11, 20, 11), "ejecta_end": datetime(2003, 11, 20, 18)}
event = Event(name="e", crossings=(Crossing(spacecraft="ace", **times),))
manifest = fetch(event, "ace", archive="", data=sys.argv[1], settings=Fetch(), offline=True)
print(manifest["field"]["files"][0]["sha256"], manifest["field"]["absent"][0]["reason"], manifest["plasma"]["product"])
"""


def test_offline_needs_no_right_to_write_in_the_data_folder(shared, tmp_path):
    """A group's archive, read by others: absences and files without a record included."""
    data = tmp_path / "data"
    (data / FILE).parent.mkdir(parents=True)
    shutil.copy(shared / "archive" / FILE, data / FILE)
    # root may write anywhere unless it gives that up
    command = ["setpriv", "--bounding-set", "-dac_override", "--"] if os.geteuid() == 0 else []
    if command and shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed, and root may write anywhere")
    folders = [path for path in (data, *data.rglob("*")) if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        done = subprocess.run([*command, sys.executable, "-c", READ_ONLY, data], capture_output=True, text=True)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    digest = provenance.sha256(shared / "archive" / FILE)
    assert done.stdout.strip() == f"{digest} not in the local store, and offline None", done.stderr
    assert [path.name for path in data.rglob("*") if path.is_file()] == [Path(FILE).name]


def test_files_put_there_by_hand_are_verified_and_recorded(shared, tmp_path):
    (tmp_path / FILE).parent.mkdir(parents=True)
    shutil.copy(shared / "archive" / FILE, tmp_path / FILE)
    manifest = fetch(EVENT, "ace", archive="", data=tmp_path, settings=ONE_FILE, offline=True)
    assert manifest["field"]["files"][0]["sha256"] == provenance.sha256(shared / "archive" / FILE)
    assert manifest["field"]["files"][0]["url"] == ""
    record = tmp_path / (FILE + ".json")
    assert record.is_file()
    record.unlink()
    (tmp_path / FILE).chmod(0o644)
    (tmp_path / FILE).write_bytes((shared / "archive" / FILE).read_bytes()[:9000])
    with pytest.raises(ArchiveError, match="truncated"):
        fetch(EVENT, "ace", archive="", data=tmp_path, settings=ONE_FILE, offline=True)


def test_a_crash_between_record_and_file_is_healed(shared, tmp_path):
    """The record is written first: alone, or beside an older file, it does not fit and the file is fetched again."""
    fetch(EVENT, "ace", archive=shared / "archive", data=tmp_path, settings=ONE_FILE)
    (tmp_path / FILE).unlink()
    manifest = fetch(EVENT, "ace", archive=shared / "archive", data=tmp_path, settings=ONE_FILE)
    assert (tmp_path / FILE).read_bytes() == (shared / "archive" / FILE).read_bytes()
    assert manifest["field"]["files"][0]["bytes"] == (tmp_path / FILE).stat().st_size


def test_staging_of_killed_runs_is_swept_after_a_day(tmp_path):
    old, fresh = tmp_path / ".fetch-old", tmp_path / ".fetch-fresh"
    for folder in (old, fresh):
        folder.mkdir()
        (folder / "part").write_bytes(b"x")
    os.utime(old, (0, time.time() - 2 * archive.STALE_S))
    archive.sweep(tmp_path)
    assert not old.exists()
    assert fresh.exists()


def test_runs_that_share_the_data_folder_do_not_harm_it(shared, tmp_path):
    def run(_):
        return fetch(EVENT, "ace", archive=shared / "archive", data=tmp_path, settings=Fetch())

    with ThreadPoolExecutor(8) as pool:
        manifests = list(pool.map(run, range(16)))
    sums = {tuple(file["sha256"] for file in m[kind]["files"]) for m in manifests for kind in archive.KINDS}
    assert len(sums) == 2
    for file in manifests[0]["field"]["files"] + manifests[0]["plasma"]["files"]:
        assert (tmp_path / file["path"]).read_bytes() == (shared / "archive" / file["path"]).read_bytes()
    assert len(everything_in(tmp_path)) == 2 * 6


def test_days_cover_the_event_its_margin_and_the_lag_search():
    span = datetime(2003, 11, 20, 11, 48), datetime(2003, 11, 20, 22, 44)
    core, days = archive.days_of(span, search_s=7200, margin_h=12)
    assert core == [date(2003, 11, 20), date(2003, 11, 21)]  # 22:44 and two hours of search
    assert days == [date(2003, 11, 19), date(2003, 11, 20), date(2003, 11, 21)]
    core, days = archive.days_of(span, search_s=0, margin_h=0)
    assert core == days == [date(2003, 11, 20)]


def test_the_order_of_products_is_checked():
    order = {"ace": {"field": ("AC_H3_MFI", "AC_H0_MFI")}}
    assert [p.name for p in archive.preferred("ace", "field", Fetch(products=order))] == ["AC_H3_MFI", "AC_H0_MFI"]
    for name in ("AC_H0_SWE", "AC_K0_MFI"):
        with pytest.raises(ConfigError, match=rf"fetch\.products\.ace\.field: unknown product '{name}'"):
            archive.preferred("ace", "field", Fetch(products={"ace": {"field": (name,)}}))


SCRIPT = """
import os, sys
sys.path.insert(0, {tests!r})
os.environ["NO_PROXY"] = "127.0.0.1"
import time
time.sleep = lambda seconds: None
import pyspedas.utilities.download as download
download.sleep = time.sleep
from test_archive import EVENT
from pipeline.archive import fetch
from pipeline.config import Fetch
print(len(fetch(EVENT, "ace", archive={url!r}, data={data!r}, settings=Fetch())["field"]["files"]))
"""


def test_processes_that_fetch_into_one_folder_at_once(server, shared, tmp_path):
    """Two runs that begin together, over http: both get all, and what lies there is whole."""
    text = SCRIPT.format(tests=str(Path(__file__).parent), url=server.url, data=str(tmp_path))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    command = [sys.executable, "-c", text]
    runs = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [run.communicate(timeout=120)[0].strip() for run in runs] == ["3", "3"]
    files = everything_in(tmp_path)
    assert len(files) == 2 * 6
    for path in files:
        if path.suffix == ".cdf":
            assert path.read_bytes() == (shared / "archive" / path.relative_to(tmp_path)).read_bytes()
            assert json.loads(archive.record_of(path).read_text())["sha256"] == provenance.sha256(path)
