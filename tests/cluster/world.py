"""An archive of virtual events on loopback, and runs of the workflow against it: local, by array, by the executor.

    PYTHONPATH=.:tests python tests/cluster/world.py 20 local array executor     # what each costs for 20 events
    PYTHONPATH=.:tests JOBS=result python tests/cluster/world.py 20 local        # with a job per result

    PYTHONPATH=.:tests WORLD=FOLDER PORT=8000 python tests/cluster/world.py 200 local    # to go on later with ...
    PYTHONPATH=.:tests WORLD=FOLDER PORT=8000 python tests/cluster/world.py 200 broken   # ... one event of 20 broken

Runs share nothing but the archive: each has its own folder, data and results, and is counted by itself. `broken` starts
from the results of `local`.
"""

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lab
import pandas as pd
import virtual_catalogue
from archive_server import ArchiveServer

ROOT = Path(__file__).resolve().parents[2]
TABLES = ("intervals", "hodogram", "correlation")
TARGETS = tuple(f"results/catalogue/{table}.csv" for table in TABLES)
# Few diagnostics and no figure: who runs what is the question, and every job costs the same start.
CONFIG = """
archive: {url}
events: events.csv
jobs: {jobs}
fetch: {{margin_h: 1}}
lag: {{search_s: 3600}}
diagnostics: {{hodogram: {{}}}}
pairs: {{correlation: {{}}}}
"""
PROFILE = (
    "--profile", str(ROOT / "configs" / "profiles" / "slurm"), "--latency-wait", "5",
    "--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2",
    "--default-resources", "slurm_partition=main", "slot=1", "disk_mb=100",
)  # fmt: skip


class World:
    """`events` virtual events below `folder`, served over HTTP while the context is open."""

    def __init__(self, folder: Path, events: int, jobs: str = "event"):
        self.folder, self.events, self.jobs = Path(folder), events, jobs
        self.limit_s = 300 + 60 * events

    def __enter__(self) -> "World":
        if not (self.folder / "archive").is_dir():
            virtual_catalogue.write(self.folder, self.events)
        self.server = ArchiveServer(self.folder / "archive", int(os.environ.get("PORT", "0"))).__enter__()
        (self.folder / "small.yaml").write_text(CONFIG.format(url=self.server.url, jobs=self.jobs))
        return self

    def __exit__(self, *error) -> None:
        self.server.__exit__(*error)

    def run_folder(self, name: str) -> Path:
        """Folder of one run, with its own copy of the table of events."""
        folder = self.folder / name
        if not folder.is_dir():
            (folder / "logs").mkdir(parents=True)
            shutil.copy(self.folder / "events.csv", folder)
        return folder

    @property
    def workflow(self) -> tuple[str, ...]:
        """The workflow, with the small configuration in place of the shipped one."""
        settings = str(self.folder / "small.yaml")
        return "-s", str(ROOT / "Snakefile"), "--configfile", settings, "--replace-workflow-config"

    def environment(self, name: str, given=os.environ) -> dict[str, str]:
        """Jobs find the interpreter's programs and this package without an installed one, and note their CPU time."""
        first, _, rest = given["PATH"].partition(":")
        own_srun = [first] if "SLURM_CONF" in given else []  # the lab's comes before any other
        paths = f"{ROOT}:{ROOT / 'tests' / 'cluster' / 'accounting'}"
        path = ":".join([*own_srun, str(Path(sys.executable).parent), first, rest])
        own = {"PATH": path, "PYTHONPATH": paths, "CPU_LOG": str(self.folder / f"{name}.cpu")}
        return {**given, **own, "SOURCE_DATE_EPOCH": "1700000000", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def snakemake(self, name: str, *more: str, given=os.environ, targets=TARGETS) -> subprocess.CompletedProcess:
        """A run in the folder `name` up to the catalogue's tables."""
        command = [sys.executable, "-m", "snakemake", *self.workflow, *more, "--", *targets]
        return subprocess.run(
            command, cwd=self.run_folder(name), env=self.environment(name, given), timeout=self.limit_s, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip

    def submit_array(self, node: lab.Lab, name: str, tasks: int) -> None:
        """The shipped array script over all events in `tasks` slices."""
        own = {"EVENTS": "events.csv", "TARGET": "tables/intervals.csv"}
        given = self.environment(name, node.environment) | own
        words = [
            "sbatch",
            "--time=55",
            "--mem=1500M",
            f"--array=0-{tasks - 1}",
            str(ROOT / "configs" / "slurm_array.sh"),
        ]
        done = subprocess.run(
            [*words, *self.workflow], cwd=self.run_folder(name), env=given, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"sbatch: {done.stderr}")

    def table(self, run: str, name: str) -> bytes:
        return (self.folder / run / "results" / "catalogue" / f"{name}.csv").read_bytes()

    def cost(self, name: str) -> dict[str, float]:
        """CPU seconds and number of the Pythons that a run started, those of Snakemake and those of jobs."""
        path = self.folder / f"{name}.cpu"
        lines = [line.split() for line in path.read_text().splitlines()] if path.is_file() else []
        out = {}
        for program in ("snakemake", "job"):
            used = [float(seconds) for seconds, what in lines if what == program]
            out |= {f"{program}_cpu_s": round(sum(used), 1), f"{program}_number": len(used)}
        return out


def states(node: lab.Lab) -> list[str]:
    return node.run("squeue", "-h", "-r", "-o", "%T").stdout.split()


def wait_for(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.5)


def local(world: World) -> None:
    done = world.snakemake("local", "--cores", "2", "--rerun-incomplete")
    print("" if not done.returncode else done.stdout[-3000:])


def array(world: World) -> None:
    """Two tasks, as the node has two cores; then what is left to a run that follows: the catalogue."""
    with lab.Lab(world.folder / "lab_array") as node:
        world.submit_array(node, "array", 2)
        wait_for(lambda: not states(node), world.limit_s)
        print("submissions:", len(node.finished_jobs()))
    done = world.snakemake("array", "--cores", "2")
    print("" if not done.returncode else done.stdout[-3000:])


def executor(world: World) -> None:
    with lab.Lab(world.folder / "lab_executor") as node:
        done = world.snakemake("executor", *PROFILE, given=node.environment)
        print("submissions:", len(node.finished_jobs()))
    print("" if not done.returncode else done.stdout[-3000:])


class Broken:
    """Events broken on purpose, in a copy of the run `local`, and what mends them again."""

    def __init__(self, world: World):
        self.world, self.folder, self.mend = world, world.folder / "broken", []
        shutil.copytree(world.run_folder("local"), self.folder)

    def break_event(self, number: int, fault: str) -> None:
        """As if it had never been run, and then not as it should be."""
        chosen = virtual_catalogue.settings(number)
        pattern = f"*_{chosen.start:%Y%m%d}_v??.cdf"
        shutil.rmtree(self.folder / "results" / chosen.event)
        for path in (self.folder / "data").rglob(pattern):
            path.unlink()
        files = sorted((self.world.folder / "archive").rglob(pattern))
        getattr(self, fault)(files, chosen)

    def no_files(self, files, chosen):
        for path in files:
            self._put(path, None)

    def no_plasma(self, files, chosen):
        self.no_files([path for path in files if path.name.split("_")[1:3] in (["h0", "swe"], ["h1", "swe"])], chosen)

    def truncated(self, files, chosen):
        self._put(files[0], files[0].read_bytes()[: files[0].stat().st_size // 2])

    def server_errors(self, files, chosen):
        faults = self.world.server.faults
        faults[f"*/{files[0].name}"] = "503"
        self.mend.append(faults.clear)

    def outside(self, files, chosen):
        """Boundaries of the same day, after the data have ended."""
        path, day = self.folder / "events.csv", f"{chosen.start:%Y-%m-%d}"
        with open(path, encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        for row in rows:
            if row[0] == chosen.event and row[3]:
                row[2:5] = f"{day}T20:00:00", f"{day}T20:30:00", f"{day}T22:30:00"
        text = "".join(f"{','.join(row)}\n" for row in [header, *rows])
        self._put(path, text.encode())

    def _put(self, path, content):
        """Other content, or none, until it is mended."""
        whole = path.read_bytes()
        self.mend.append(lambda: path.write_bytes(whole))
        path.unlink() if content is None else path.write_bytes(content)

    def run(self) -> None:
        before = self.world.cost("broken").get("job_number", 0)
        done = self.world.snakemake("broken", "--cores", "2")
        status = pd.read_csv(self.folder / "results" / "catalogue" / "status.csv", keep_default_na=False)
        jobs = self.world.cost("broken")["job_number"] - before
        print(f"exit status {done.returncode}; {jobs} jobs; {status['status'].value_counts().to_dict()}")
        for row in status[status["status"] != "done"].itertuples():
            print(f"  {row.event}: {row.status}, {row.stage}, {row.where}: {row.reason[:150]}")


def broken(world: World) -> None:
    """One event of twenty broken, five at least, in five ways by turns; then mended, absences forgotten, run again."""
    copy, ways = Broken(world), ("no_files", "truncated", "no_plasma", "outside", "server_errors")
    step = min(20, max(1, world.events // len(ways)))
    chosen = {step * k: ways[k % len(ways)] for k in range(world.events // step)}
    for number, fault in chosen.items():
        copy.break_event(number, fault)
    copy.run()
    for mend in reversed(copy.mend):
        mend()
    for number, fault in chosen.items():
        if fault in ("no_files", "no_plasma", "outside"):
            shutil.rmtree(copy.folder / "results" / virtual_catalogue.settings(number).event)
    copy.run()


def main(events: int, modes: list[str]) -> None:
    folder = Path(os.environ.get("WORLD") or tempfile.mkdtemp())
    with World(folder, events, os.environ.get("JOBS", "event")) as world:
        for mode in modes:
            start = time.monotonic()
            globals()[mode](world)
            print(mode, events, "events:", f"{time.monotonic() - start:.0f} s,", world.cost(mode), flush=True)
            reference = "local" if mode == "broken" else modes[0]
            if mode != reference:
                same = all(world.table(mode, name) == world.table(reference, name) for name in TABLES)
                print(f"tables of {mode} and {reference}:", "same bytes" if same else "DIFFERENT", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
