"""Killed at any moment and started again with the documented commands, a run ends with the bytes of an undisturbed one.

KILLS=100 kills that often, in an event of two spacecraft with its report; otherwise a few times, in one of one.
KILLS_SEED chooses other moments.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("KILLS", "0"))
SEED = int(os.environ.get("KILLS_SEED", "20031120"))
CONFIG = """
events: events.csv
archive: {archive}
data: data
results: results
jobs: {jobs}
fetch: {margin_h: 1}
lag: {search_s: 3600}
diagnostics: {hodogram: {}}
pairs: {correlation: {}}
"""
OTHER = CONFIG.replace("search_s: 3600", "search_s: 1800").replace("hodogram: {}", "hodogram: {smooth_s: 1200}")
TARGETS = [] if KILLS else ["results/virtual-000/tables/intervals.csv"]
AGAIN = 0.3  # of the kills strike a run that a kill had already broken off
ORPHANS = 0.25  # of the kills leave the jobs of the run behind


@dataclass
class Folder:
    """Where a run starts, is killed and starts again, and the process groups of the runs that were there."""

    path: Path
    groups: list[int] = field(default_factory=list)

    def start(self, *more: str) -> subprocess.Popen:
        words = ["-s", str(ROOT / "Snakefile"), "--replace-workflow-config", "--configfile", "config.yaml"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "1000000000"}
        environment["GIT_DIR"] = "/nowhere"  # results name the commit, and that may change during a long study
        cores = str(1 + len(self.groups) % 2)  # one and two in turns: the bytes do not depend on that either
        with open(self.path / "log.txt", "a", encoding="utf-8") as log:
            run = subprocess.Popen(
                [sys.executable, "-m", "snakemake", *words, "--cores", cores, *more],
                **{"cwd": self.path, "env": environment, "stdout": log, "stderr": log, "start_new_session": True},
            )
        self.groups.append(run.pid)
        return run

    def unlocked(self) -> "Folder":
        if any((self.path / ".snakemake" / "locks").glob("*")):
            assert self.start("--unlock").wait(timeout=120) == 0
        return self

    def finished(self) -> dict[str, bytes]:
        """Run to the end, with the commands of docs/faults.md and no other; what is there when no orphan is left."""
        assert self.unlocked().start(*TARGETS).wait(timeout=600) == 0, self.log()
        limit = time.monotonic() + 120
        while any(map(alive, self.groups)):
            assert time.monotonic() < limit
            time.sleep(0.2)
        return contents(self.path)

    def struck(self, after_s: float, orphans: bool) -> bool:
        """Kill a run after a while, with its jobs or (`orphans`) alone; False if it had finished before."""
        run = self.unlocked().start(*TARGETS)
        try:
            run.wait(timeout=after_s)
        except subprocess.TimeoutExpired:
            (os.kill if orphans else os.killpg)(run.pid, signal.SIGKILL)
            run.wait()
            return True
        assert run.returncode == 0, self.log()
        return False

    def log(self) -> str:
        return (self.path / "log.txt").read_text("utf-8")[-4000:]


def alive(group: int) -> bool:
    """Is a process of the group still at work? (Where there is no /proc nothing is known.)"""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = stat.read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
        except OSError:  # ended meanwhile
            continue
        if int(its_group) == group and state != "Z":
            return True
    return False


def there(folder: Path) -> dict[str, Path]:
    """All results, records and data; what was being written when it was killed, and times that were used, are none."""
    files = (p for part in ("results", "data") for p in (folder / part).rglob("*") if p.is_file())
    named = ((p.relative_to(folder).as_posix(), p) for p in files)
    none = ("/benchmarks/", "/.fetch-")
    return {n: p for n, p in named if not n.endswith(".part") and not any(word in n for word in none)}


def contents(folder: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in there(folder).items()}


def prepare(folder: Path, jobs: str) -> Folder:
    """A folder with a short virtual event, as an archive and a table, and settings of few stages."""
    sys.path.insert(0, str(ROOT / "tests" / "cluster"))
    import virtual_catalogue

    table = virtual_catalogue.write(folder, 1)
    if not KILLS:
        table.write_text("".join(table.read_text("utf-8").splitlines(keepends=True)[:2]), "utf-8")
    for name, text in (("config.yaml", CONFIG), ("other.yaml", OTHER)):
        text = text.replace("{archive}", str(folder / "archive")).replace("{jobs}", jobs)
        (folder / name).write_text(text, "utf-8")
    return Folder(folder)


def differing(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    """Names of files that are there once only or differ."""
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))


@pytest.mark.parametrize("jobs", ["result", "event"])
def test_a_run_killed_at_any_time_ends_as_an_undisturbed_one(tmp_path, jobs):
    """Every killed state is brought to its end and compared; a third of them begin over results of other settings."""
    chance = random.Random(f"{SEED} {jobs}")
    bare = prepare(tmp_path / "bare", jobs)
    undisturbed, other = (Folder(tmp_path / name) for name in ("undisturbed", "other"))
    for folder in (undisturbed, other):
        shutil.copytree(bare.path, folder.path)
    shutil.copy(other.path / "other.yaml", other.path / "config.yaml")
    begin = time.monotonic()
    expected = undisturbed.finished()
    whole_s = time.monotonic() - begin
    assert len(expected) > 10
    assert len(differing(other.finished(), expected)) > 5
    shutil.copy(bare.path / "config.yaml", other.path / "config.yaml")

    total = KILLS or 2
    moments = [(n + chance.random()) / total for n in range(total)]  # of an undisturbed run, each part alike
    chance.shuffle(moments)
    kills, lives, seen = 0, 0, set()
    while moments:
        folder = Folder(tmp_path / f"life_{lives}")
        shutil.copytree((other if lives % 3 == 2 else bare).path, folder.path)
        while moments:
            moment = moments.pop()
            if not folder.struck(moment * whole_s, orphans=chance.random() < ORPHANS):
                moments.insert(0, 0.8 * moment)  # it had ended before: sooner, the next time
                break
            kills += 1
            seen.add(frozenset(there(folder.path)))
            if chance.random() >= AGAIN:
                break
        assert differing(folder.finished(), expected) == [], folder.log()
        lives += 1
        shutil.rmtree(folder.path)
        print(f"jobs={jobs}: {kills} kills, with {len(seen)} different sets of files there;", end=" ")
        print(f"{lives} runs brought to their end, all as the undisturbed one", flush=True)
