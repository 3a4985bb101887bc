"""CPU of a whole event, from downloaded files to report, beside one script of other packages that does the same.

    PYTHONPATH=. python tests/benchmarks/whole_event.py FOLDER

The script has two modes: part of the results (`baseline_event.py`), and the whole (`baseline`). Cases: Wind alone at
3 s for three days, and six; ACE and Wind on their common grid (64 s) for three days.
Ours runs with everything that the default settings make, a job per result and all results in two jobs, held against the
whole, and once more with the results alone that the script's part has too, held against that.
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
TURNS = 3  # a machine is not as fast at every time: contestants run in turns, medians are held against each other
PART = "two jobs, the results of the script's part alone"
# The results that the script's part has too.
SAME = """
diagnostics: {alfvenicity: {}, wavelet: {}, hodogram: {}}
pairs: {correlation: {}}
figures: {spacecraft: [overview, scalogram], pair: [pair, hodogram]}
"""

KEYS = ("spacecraft", "interval", "method", "quantity", "scale")
# Columns by table whose values, of the ejecta, ours and the whole script both have; %: relative difference. Reasons for
# them to differ: filters' and windows' ends (the script's Gaussian bends a trend where ours fits a line), how gaps and
# the cone are masked (waves, spectra, coherence), a Gaussian of another width in pycwt, mirror images in scipy's
# Procrustes. Draws and surrogates are others, so intervals and p are not held against each other.
SHARED = {
    "alfvenicity": "sigma_c sigma_r walen_slope walen_correlation ht_correlation",
    "walen": "slope slope_orthogonal correlation v_ht_x",
    "wavelet": "sigma_c sigma_r sigma_m",
    "spectra": "slope",
    "hodogram": "ratio_max_int% ratio_int_min% rotation_deg",
    "complexity": "value%",
    "rope": "rotation_deg dip",
    "correlation": "r spearman concordance r_averaged r_max",
    "scales": "r",
    "coherence": "coherency",
    "phase": "coherency shared",
    "hodograms": "disparity frechet%",
}


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
    shutil.rmtree(folder / results, ignore_errors=True)
    margin = f"fetch={{margin_h: {24 * days * 0.2 - 0.1}}}"
    settings = (f"archive={folder / 'archive'}", f"data={folder / 'data'}", f"results={folder / results}", margin)
    words = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "-d", folder, "--cores", "1"]
    (folder / "same.yaml").write_text(SAME)
    few = ("--configfile", folder / "same.yaml", "--replace-workflow-config") if same else ()
    config = [*few, "--config", f"events={folder / 'events.csv'}", f"jobs={jobs}", *settings]
    cpu_s([*words, "--until", "fetch", *config])
    return cpu_s([*words, *config, "--", folder / results / "event" / "report.html"])


def hand_over(folder: Path, results: str) -> None:
    """The series and intervals of our results, for the script."""
    found, frames, spans = EventResults(folder / results / "event"), {}, {}
    for name in found.spacecraft:
        ds = found.uniform(name)
        columns = {
            f"{k}{c}": ds[v].values[:, i] for k, v in (("b", "b_matched"), ("v", "v")) for i, c in enumerate("xyz")
        }
        columns |= {"n": ds["n"].values, "temperature": ds["temperature"].values, "alpha": ds["alpha_ratio"].values}
        columns |= {
            f"{k}{c}": ds[v].values[:, i] for k, v in (("f", "b"), ("p", "position")) for i, c in enumerate("xyz")
        }
        frames[name] = pd.DataFrame(columns, index=pd.DatetimeIndex(ds["time"].values))
        rows = intervals.of(found.intervals, name).dropna(subset=["start", "end"])
        spans[name] = {row["interval"]: (row["start"], row["end"]) for _, row in rows.iterrows()}
    (folder / "event.pkl").write_bytes(pickle.dumps((frames, spans)))
    print("   samples", {name: len(frame) for name, frame in frames.items()}, flush=True)


def script(folder: Path, output: str, *mode: str) -> float:
    """CPU seconds of the script, its part or ("all") the whole."""
    words = ROOT / "tests" / "benchmarks" / "baseline_event.py", folder / "event.pkl", folder / output, *mode
    return cpu_s([sys.executable, *words])


def agreement(folder: Path, results: str) -> float:
    """Largest difference of the ejecta's sigma_r, pooled variances in windows, between ours and the script."""
    found = EventResults(folder / results / "event")
    table = found.table("alfvenicity").query("method == 'window' and interval == 'ejecta'").set_index("spacecraft")
    script = pd.read_csv(folder / "baseline" / "sigma.csv").query("interval == 'ejecta'").set_index("spacecraft")
    return float(np.abs(table["sigma_r"] - script["sigma_r"]).max())


def print_agreement(folder: Path, results: str) -> None:
    """Largest differences of the ejecta's numbers between ours and the whole script, and of the detected edges."""
    found, script = EventResults(folder / results / "event"), folder / "whole"
    for name in (name for name in SHARED if name in found.tables and (script / f"{name}.csv").is_file()):
        ours_, theirs = found.table(name), pd.read_csv(script / f"{name}.csv")
        keys = [key for key in KEYS if key in ours_ and key in theirs]
        both = ours_.merge(theirs, on=keys, suffixes=("", "_script")).query("interval == 'ejecta'")
        print(f"   {name}:", ", ".join(_largest(both, column) for column in SHARED[name].split()))
    ours_, theirs = found.table("intervals"), pd.read_csv(script / "intervals.csv", parse_dates=["start", "end"])
    ours_ = ours_[ours_["origin"] == "detected"].merge(theirs, on=["spacecraft", "interval"], suffixes=("", "_script"))
    apart = [abs(ours_[edge].dt.tz_localize(None) - ours_[f"{edge}_script"]).max() for edge in ("start", "end")]
    print(f"   detected: {len(ours_)} in both, {len(theirs)} in the script's; edges {apart[0]}, {apart[1]}", flush=True)


def _largest(both: pd.DataFrame, column: str) -> str:
    """Largest difference of a column, or of its ratio where the name ends in %."""
    mine, theirs = both[column.rstrip("%")], both[f"{column.rstrip('%')}_script"]
    if column.endswith("%"):
        return f"{column.rstrip('%')} {100 * np.abs(theirs / mine - 1).max():.1f} %"
    return f"{column} {np.abs(theirs - mine).max():.3f}"


def case(folder: Path, days: float, spacecraft: tuple[str, ...]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_event(folder, days, spacecraft)
    print(f"{' and '.join(spacecraft)}, {days:g} days", flush=True)
    contestants = {
        "a job per result": lambda: ours(folder, days, "results", "result"),
        "two jobs": lambda: ours(folder, days, "in_two", "event"),
        PART: lambda: ours(folder, days, "same", "event", same=True),
        "script, part": lambda: script(folder, "baseline"),
        "script, whole": lambda: script(folder, "whole", "all"),
    }
    costs = {what: [] for what in contestants}
    ours(folder, days, "results", "result")
    hand_over(folder, "results")
    for _ in range(TURNS):
        for what, run in contestants.items():
            costs[what].append(run())
    median = {what: float(np.median(seconds)) for what, seconds in costs.items()}
    print(f"   sigma_r of the ejecta differs by {agreement(folder, 'results'):.3f} (part); largest differences:")
    print_agreement(folder, "results")
    for what, seconds in costs.items():
        of = median["script, part" if what == PART else "script, whole"]
        each = ", ".join(f"{s:.1f}" for s in seconds)
        print(f"   {what}: {median[what]:.1f} s ({each}), {median[what] / of:.2f} of the script's", flush=True)


def main(folder: Path) -> None:
    case(folder / "wind3", 3, ("wind",))
    case(folder / "wind6", 6, ("wind",))
    case(folder / "pair3", 3, ("ace", "wind"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
