"""A folder in which the workflow runs, and runs again."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WITNESS = Path(__file__).parent / "witness"


@dataclass
class Run:
    """A working directory in which the workflow has run, and how to run it again there."""

    folder: Path
    arguments: tuple[str, ...]

    def snakemake(self, *more: str, snakefile: Path = ROOT / "Snakefile") -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "snakemake", "-s", snakefile, "--cores", "2", *self.arguments, *more]
        # Every job leaves word of the modules it loaded: test_imports.py.
        path = os.pathsep.join(filter(None, [str(WITNESS), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": path, "MODULES_SEEN": str(self.modules_seen)}
        environment["MPLCONFIGDIR"] = str(self.folder / ".mpl")
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, env=environment, timeout=600)

    def planned(self, *more: str, snakefile: Path = ROOT / "Snakefile") -> dict[str, int]:
        """Jobs that a dry run would start, by rule."""
        done = self.snakemake("-n", *more, snakefile=snakefile)
        text = done.stdout + done.stderr
        assert not done.returncode, text
        rows = (line.split() for line in text.partition("Job stats:")[2].splitlines())
        return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit() and row[0] != "total"}

    @property
    def modules_seen(self) -> Path:
        return self.folder / "modules_seen"

    @property
    def results(self) -> Path:
        return self.folder / "results"


def completed(run: Run, *more: str) -> Run:
    done = run.snakemake(*more)
    if done.returncode:
        pytest.fail(f"the workflow failed:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}")
    return run
