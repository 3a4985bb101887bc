"""Killed at any moment and started again with the documented commands, a run ends with the bytes of an undisturbed one.

KILLS=100 kills that often, in an event of two spacecraft with its report; otherwise a few times, in one of one.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("KILLS", "0"))
CONFIG = """
events: events.csv
archive: {archive}
data: data
results: results
fetch: {margin_h: 1}
lag: {search_s: 3600}
diagnostics: {hodogram: {}}
pairs: {correlation: {}}
"""
TARGETS = [] if KILLS else ["results/virtual-000/tables/intervals.csv"]


def command(*more: str) -> list[str]:
    words = ["-s", str(ROOT / "Snakefile"), "--replace-workflow-config", "--configfile", "config.yaml", "--cores", "2"]
    return [sys.executable, "-m", "snakemake", *words, *more]


def start(folder: Path, *more: str) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "1000000000"}
    with open(folder / "log.txt", "a", encoding="utf-8") as log:
        return subprocess.Popen(
            command(*more), cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )


def prepare(folder: Path) -> Path:
    """A folder with a short virtual event, as an archive and a table, and settings of few stages."""
    sys.path.insert(0, str(ROOT / "tests" / "cluster"))
    import virtual_catalogue

    table = virtual_catalogue.write(folder, 1)
    if not KILLS:
        table.write_text("".join(table.read_text("utf-8").splitlines(keepends=True)[:2]), "utf-8")
    (folder / "config.yaml").write_text(CONFIG.replace("{archive}", str(folder / "archive")), "utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """All results and data but what tells times: hidden temporary files of killed jobs are no results."""
    files = (p for part in ("results", "data") for p in (folder / part).rglob("*") if p.is_file())
    named = ((p.relative_to(folder).as_posix(), p) for p in files)
    return {n: p.read_bytes() for n, p in named if "/benchmarks/" not in n and "/." not in n}


def finished(folder: Path) -> dict[str, bytes]:
    assert start(folder, *TARGETS).wait(timeout=300) == 0, (folder / "log.txt").read_text("utf-8")[-4000:]
    return contents(folder)


def struck(folder: Path, after_s: float, orphans: bool) -> bool:
    """Kill a run after a while, with its jobs or (`orphans`) alone; False if it had finished before."""
    if any((folder / ".snakemake" / "locks").glob("*")):
        assert start(folder, "--unlock").wait(timeout=120) == 0
    run = start(folder, *TARGETS)
    try:
        run.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        (os.kill if orphans else os.killpg)(run.pid, signal.SIGKILL)
        run.wait()
        return True
    assert run.returncode == 0, (folder / "log.txt").read_text("utf-8")[-4000:]
    return False


def test_a_run_killed_at_any_time_ends_as_an_undisturbed_one(tmp_path):
    chance = random.Random(20031120)
    undisturbed = prepare(tmp_path / "undisturbed")
    begin = time.monotonic()
    expected = finished(undisturbed)
    longest_s = min(9.0, 0.7 * (time.monotonic() - begin))
    assert len(expected) > 10
    folder, kills, ends = tmp_path / "killed", 0, 0
    shutil.copytree(undisturbed, folder, ignore=shutil.ignore_patterns("results", "data", ".snakemake"))
    while kills < (KILLS or 3):
        if struck(folder, chance.uniform(1.0, longest_s), orphans=chance.random() < 0.25):
            kills += 1
            continue
        ends += 1
        assert contents(folder) == expected
        for part in ("results", "data", ".snakemake"):
            shutil.rmtree(folder / part)
    if any((folder / ".snakemake" / "locks").glob("*")):
        assert start(folder, "--unlock").wait(timeout=120) == 0
    found = finished(folder)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    print(f"{kills} kills, {ends + 1} runs ended as the undisturbed one")
