"""What a catalogue of 10, 100 and 1,000 events costs beside the events themselves: planning, joining tables, status.

    PYTHONPATH=. python tests/benchmarks/scaling.py RESULTS_OF_ONE_EVENT FOLDER [COUNT ...]

RESULTS_OF_ONE_EVENT, e.g. demo/results/demo, is copied COUNT times below FOLDER under other names (tables, event.json,
files.json, report.html). CPU seconds and peak memory of child processes, so that other load counts little.
"""

import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JOIN = """
import sys
from pathlib import Path
from pipeline import tables
root = Path(sys.argv[1])
names = sorted(p.name for p in root.iterdir() if (p / "event.json").is_file())
for path in sorted((root / names[0] / "tables").glob("*.csv")):
    if path.stem != "columns":
        tables.concatenate([f"{root}/{name}/tables/{path.name}" for name in names], root / "catalogue" / path.name)
"""
STATUS = """
import sys
from pipeline import status
from pipeline.config import read_events
print(status.counts(status.table(sys.argv[1], read_events(sys.argv[2]))))
"""


def write_events(path: Path, count: int) -> None:
    rows = ["event,spacecraft,sheath_start,ejecta_start,ejecta_end,note"]
    for number in range(count):
        start = datetime(1998, 1, 1) + timedelta(days=7 * number)
        times = [f"{start + timedelta(hours=h):%Y-%m-%dT%H:%M}" for h in (0, 8, 30)]
        rows += [f"e{number:04d},ace,{','.join(times)},", f"e{number:04d},wind,,,,"]
    path.write_text("\n".join(rows) + "\n", "utf-8")


def copy_results(one: Path, root: Path, count: int) -> None:
    wanted = [p for p in one.rglob("*") if p.suffix in (".csv", ".json", ".html") and ".provenance" not in p.parts]
    for number in range(count):
        for path in wanted:
            to = root / f"e{number:04d}" / path.relative_to(one)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)


def measured(*words: str) -> tuple[float, float]:
    """CPU seconds and peak memory (MB) of a command."""
    environment = {**os.environ, "PIPELINE_IN_MEMORY": "1", "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(f"{words} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main(one: Path, folder: Path, counts: list[int]) -> None:
    for count in counts:
        root, events = folder / f"results{count}", folder / f"events{count}.csv"
        shutil.rmtree(root, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        write_events(events, count)
        config = [f"events={events}", f"results={folder / 'none'}", f"data={folder / 'data'}"]
        plan = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "-d", str(folder), "-n", "--quiet"]
        print(f"{count} events")
        print("  dry run        {:8.1f} s {:6.0f} MB".format(*measured(*plan, "--cores", "1", "--config", *config)))
        copy_results(one, root, count)
        print("  all catalogues {:8.1f} s {:6.0f} MB".format(*measured(sys.executable, "-c", JOIN, str(root))))
        words = (sys.executable, "-c", STATUS, str(root), str(events))
        print("  status         {:8.1f} s {:6.0f} MB".format(*measured(*words)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [int(word) for word in sys.argv[3:]] or [10, 100, 1000])
