"""CPU of a whole event, from downloaded files to report, beside one script of other packages that does the same.

    PYTHONPATH=. python tests/benchmarks/whole_event.py FOLDER

Cases: Wind alone at 3 s for three days, and six; ACE and Wind on their common grid (64 s) for three days. Ours runs
with everything that the default settings make, a job per result and all results in two jobs, and once more with the
results alone that the script has too.
CPU seconds of all processes, Snakemake included; files were fetched before. The script gets cleaned, gridded series for
nothing: ours also reads the CDF files.
"""

import csv
import os
import pickle
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import intervals, simulate
from pipeline.results import EventResults

ROOT = Path(__file__).resolve().parents[2]
PRODUCTS = {"ace": ("AC_H0_MFI", "AC_H0_SWE"), "wind": ("WI_H0_MFI", "WI_PM_3DP")}
# The results that the script has too; the rest is what it does not do.
SAME = """
diagnostics: {alfvenicity: {}, wavelet: {}, hodogram: {}}
pairs: {correlation: {}}
figures: {spacecraft: [overview, scalogram], pair: [pair, hodogram]}
"""


def write_event(folder: Path, days: float, spacecraft: tuple[str, ...]) -> None:
    """Archive and table of one event whose record, margins and all, lasts `days`."""
    hours = 24 * days
    chosen = simulate.Settings(
        event="event",
        seed=1,
        start=datetime(2001, 1, 1),
        products=PRODUCTS,
        before_h=hours * 0.2,
        sheath_h=hours * 0.15,
        ejecta_h=hours * 0.45,
        after_h=hours * 0.2,
        waves=simulate.Waves(duration_h=hours * 0.15),
        second=simulate.Second(lag_s=1200),
    )
    simulate.write_archive(simulate.realise(chosen), folder / "archive")
    rows = simulate.event_rows(chosen)
    full = next(row for row in rows if row["ejecta_start"])
    kept = [row for row in rows if row["spacecraft"] in spacecraft]
    if not any(row["ejecta_start"] for row in kept):
        kept[0] |= {name: full[name] for name in ("sheath_start", "ejecta_start", "ejecta_end")}
    with open(folder / "events.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(sorted(kept, key=lambda row: not row["ejecta_start"]))


def cpu_s(words) -> float:
    """CPU seconds of a command and of all that it started."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} | {f"{k}_NUM_THREADS": "1" for k in ("OMP", "OPENBLAS")}
    with open("whole_event.log", "ab") as log:
        child = subprocess.Popen(list(map(str, words)), env=environment, stdout=log, stderr=log)
        _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(f"{words} failed: see whole_event.log")
    return usage.ru_utime + usage.ru_stime


def ours(folder: Path, days: float, results: str, jobs: str, same: bool = False) -> float:
    """CPU seconds from downloaded files to the report, Snakemake included; `same`: with the script's results alone."""
    margin = f"fetch={{margin_h: {24 * days * 0.2 - 0.1}}}"
    settings = (f"archive={folder / 'archive'}", f"data={folder / 'data'}", f"results={folder / results}", margin)
    words = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "-d", folder, "--cores", "1"]
    (folder / "same.yaml").write_text(SAME)
    few = ("--configfile", folder / "same.yaml", "--replace-workflow-config") if same else ()
    config = [*few, "--config", f"events={folder / 'events.csv'}", f"jobs={jobs}", *settings]
    cpu_s([*words, "--until", "fetch", *config])
    return cpu_s([*words, *config, "--", folder / results / "event" / "report.html"])


def baseline(folder: Path, results: str) -> float:
    """The script on the same series and intervals."""
    found, frames, spans = EventResults(folder / results / "event"), {}, {}
    for name in found.spacecraft:
        ds = found.uniform(name)
        columns = {
            f"{k}{c}": ds[v].values[:, i] for k, v in (("b", "b_matched"), ("v", "v")) for i, c in enumerate("xyz")
        }
        frames[name] = pd.DataFrame(columns | {"n": ds["n"].values}, index=pd.DatetimeIndex(ds["time"].values))
        rows = intervals.of(found.intervals, name).dropna(subset=["start", "end"])
        spans[name] = {row["interval"]: (row["start"], row["end"]) for _, row in rows.iterrows()}
    path = folder / "event.pkl"
    path.write_bytes(pickle.dumps((frames, spans)))
    print("   samples", {name: len(frame) for name, frame in frames.items()}, flush=True)
    return cpu_s([sys.executable, ROOT / "tests" / "benchmarks" / "baseline_event.py", path, folder / "baseline"])


def agreement(folder: Path, results: str) -> float:
    """Largest difference of the ejecta's sigma_r, pooled variances in windows, between ours and the script."""
    found = EventResults(folder / results / "event")
    table = found.table("alfvenicity").query("method == 'window' and interval == 'ejecta'").set_index("spacecraft")
    script = pd.read_csv(folder / "baseline" / "sigma.csv").query("interval == 'ejecta'").set_index("spacecraft")
    return float(np.abs(table["sigma_r"] - script["sigma_r"]).max())


def case(folder: Path, days: float, spacecraft: tuple[str, ...]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_event(folder, days, spacecraft)
    print(f"{' and '.join(spacecraft)}, {days:g} days", flush=True)
    costs = {"a job per result": ours(folder, days, "results", "result")}
    costs["two jobs"] = ours(folder, days, "in_two", "event")
    costs["two jobs, the script's results alone"] = ours(folder, days, "same", "event", same=True)
    script_s = baseline(folder, "results")
    print(f"   script {script_s:.1f} s; sigma_r of the ejecta differs by {agreement(folder, 'results'):.3f}")
    for what, cost in costs.items():
        print(f"   ours, {what}: {cost:.1f} s ({cost / script_s:.2f})", flush=True)


def main(folder: Path) -> None:
    case(folder / "wind3", 3, ("wind",))
    case(folder / "wind6", 6, ("wind",))
    case(folder / "pair3", 3, ("ace", "wind"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
