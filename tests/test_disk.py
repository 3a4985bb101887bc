"""Full, read-only and unreliable disks: an error that names the file, the old file kept, nothing half written."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from cdf_files import epochs, write_cdf

from pipeline import archive, provenance, tables
from pipeline.config import Fetch
from pipeline.missions import ace

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def disk_of(size: int):
    """Files may grow to `size` bytes: what a full disk or a quota does to a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@contextmanager
def without_rights():
    """As a user who owns nothing, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def dataset():
    values = np.random.default_rng(1).normal(size=50_000)
    return xr.Dataset({"x": ("time", values)}, {"time": np.arange(50_000)}, {"event": "e"})


def frame():
    return dataset().to_dataframe().reset_index()


WRITERS = {
    "result": lambda path: provenance.write(dataset(), path, "stage", {}),
    "table": lambda path: tables.write(frame(), path),
    "record": lambda path: provenance.write_json(list(range(50_000)), path),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, kind):
    path = tmp_path / "old"
    path.write_bytes(b"old")
    with disk_of(20_000), pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        WRITERS[kind](path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    WRITERS[kind](path)
    assert path.stat().st_size > 20_000


def stored_archive(folder: Path) -> Path:
    count = 2000
    data = {"Epoch": epochs("2003-11-20", count, 16), "BGSEc": np.ones((count, 3), "f4")}
    name = ace.PRODUCTS["AC_H0_MFI"].pattern(date(2003, 11, 20)).replace("??", "01")
    return write_cdf(folder / name, data | {"Q_FLAG": np.zeros(count, "i4")})


def test_a_full_disk_stops_a_fetch_and_the_next_one_completes_it(tmp_path):
    root, data, product = tmp_path / "archive", tmp_path / "data", ace.PRODUCTS["AC_H0_MFI"]
    stored_archive(root)
    client = archive.client_of(str(root), data, Fetch(timeout_s=10), False)
    with disk_of(10_000), pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        archive.fetch_day(product, date(2003, 11, 20), client, data, "event, ace")
    assert list(data.iterdir()) == []
    assert "path" in archive.fetch_day(product, date(2003, 11, 20), client, data, "event, ace")


def test_a_read_only_folder_is_named(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    folder.chmod(0o555)
    try:
        with without_rights(), pytest.raises(PermissionError, match=str(folder)):
            provenance.write_json({}, folder / "x.json")
    finally:
        folder.chmod(0o755)
    assert list(folder.iterdir()) == []


def test_bytes_reach_the_disk_before_their_name(tmp_path, monkeypatch):
    """Power may fail between any two steps: the content is synced before the rename, of results and of downloads."""
    steps = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append("sync"), sync(handle))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (steps.append("name"), replace(a, b))[1])
    provenance.write_json({}, tmp_path / "x.json")
    assert steps == ["sync", "name"]
    steps.clear()
    staged = tmp_path / "staged"
    staged.write_bytes(b"x")
    archive.publish(staged, "", tmp_path / "data" / "x.cdf", tmp_path / "data")
    assert steps == ["sync", "name", "sync", "name"]  # the record, then the file


def test_a_download_whose_bytes_were_lost_with_the_power_is_made_good(tmp_path):
    """A file of the right name and length, all zeros: its checksum tells, and it is fetched again."""
    root, data, product, day = tmp_path / "archive", tmp_path / "data", ace.PRODUCTS["AC_H0_MFI"], date(2003, 11, 20)
    source = stored_archive(root)
    client = archive.client_of(str(root), data, Fetch(timeout_s=10), False)
    entry = archive.fetch_day(product, day, client, data, "event, ace")
    path = data / entry["path"]
    path.write_bytes(bytes(path.stat().st_size))
    archive.fetch_day(product, day, client, data, "event, ace")
    assert path.read_bytes() == source.read_bytes()
    path.write_bytes(bytes(path.stat().st_size))
    offline = archive.client_of("", data, Fetch(timeout_s=10), True)
    with pytest.raises(archive.ArchiveError, match="has changed since it was fetched"):
        archive.fetch_day(product, day, offline, data, "event, ace")


KILLED = """
import os, signal, sys
from pipeline.provenance import whole_file
with whole_file(sys.argv[1]) as part:
    part.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_writer_left_is_no_result_and_swept_after_an_hour(tmp_path):
    path = tmp_path / "event" / "x.nc"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    (part,) = path.parent.iterdir()
    assert part.name.startswith(".x.nc.")
    assert list(path.parent.glob("*.nc")) == []
    provenance.sweep(tmp_path)
    assert part.exists()  # another run may be writing it
    os.utime(part, (0, time.time() - 2 * provenance.STALE_S))
    provenance.sweep(tmp_path)
    assert not part.exists()
    with suppress(FileNotFoundError):
        provenance.sweep(tmp_path / "nowhere")
