"""A run in which events are broken: the others go on, a table says what broke, and a repaired one runs alone."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
BROKEN = "ace/mag/level_2_cdaweb/mfi_h0/2001/ac_h0_mfi_20010101_v01.cdf"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    sys.path.insert(0, str(ROOT / "tests" / "cluster"))
    import virtual_catalogue

    folder = tmp_path_factory.mktemp("broken")
    virtual_catalogue.write(folder, 2)
    return folder


def fetch(folder):
    """Only fetching: what follows is the same for a broken event as for one that was never asked for."""
    keys = ("events=events.csv", f"archive={folder / 'archive'}", "fetch={margin_h: 1}")
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2", "--keep-going"]
    done = subprocess.run(
        [*command, "--until", "fetch", "--config", *keys], cwd=folder, timeout=300, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done, pd.read_csv(folder / "results" / "catalogue" / "status.csv", keep_default_na=False).set_index("event")


def test_a_truncated_file_fails_its_event_alone_and_is_repaired_alone(folder):
    path = folder / "archive" / BROKEN
    whole = path.read_bytes()
    path.write_bytes(whole[:3000])
    done, status = fetch(folder)
    assert done.returncode != 0
    assert "1 failed" in done.stdout
    assert tuple(status.loc["virtual-000", ["status", "stage", "where"]]) == ("failed", "fetch", "ace")
    assert "truncated: 3000 bytes" in status.loc["virtual-000", "reason"]
    assert tuple(status.loc["virtual-001", ["status", "stage"]]) == ("not run", "load")
    index = folder / "results" / "index.html"
    assert "truncated: 3000 bytes" in index.read_text("utf-8")
    assert index.stat().st_mtime == 0  # older than everything: the next run makes it again
    path.write_bytes(whole)
    done, status = fetch(folder)
    assert done.returncode == 0, done.stdout
    assert "fetch 1 total 1" in " ".join(done.stdout.split())
    assert list(status["status"]) == ["not run"] * 2
