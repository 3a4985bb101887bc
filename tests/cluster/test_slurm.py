"""A catalogue on a real SLURM of one node, fed over HTTP from loopback: the tables of a local run, byte for byte."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import lab
import pytest
import virtual_catalogue
from archive_server import ArchiveServer

ROOT = Path(__file__).resolve().parents[2]
TABLES = ("intervals", "hodogram", "correlation")
EVENTS = int(os.environ.get("CLUSTER_EVENTS", "2"))
LIMIT_S = 200 + 120 * EVENTS
# Few diagnostics: who runs what is the question, and every job costs the same start.
CONFIG = """
archive: {url}
events: events.csv
fetch: {{margin_h: 1}}
lag: {{search_s: 3600}}
diagnostics: {{hodogram: {{}}}}
pairs: {{correlation: {{}}}}
"""

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not os.environ.get("CLUSTER"), reason="takes many minutes: set CLUSTER=1"),
    pytest.mark.skipif(bool(lab.missing()), reason=lab.missing() or "SLURM is here"),
    pytest.mark.xdist_group("cluster"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """An archive on loopback with a table of events, and results of a local run."""
    pytest.importorskip("snakemake_executor_plugin_slurm", reason="the extra `cluster` is not installed")
    folder = tmp_path_factory.mktemp("cluster")
    virtual_catalogue.write(folder, EVENTS)
    with ArchiveServer(folder / "archive") as server:
        (folder / "small.yaml").write_text(CONFIG.format(url=server.url))
        for name in ("local", "slurm", "array"):
            (folder / name).mkdir()
            shutil.copy(folder / "events.csv", folder / name)
        done = snakemake(folder, "local", os.environ, "--cores", "2")
        assert done.returncode == 0, done.stdout[-3000:]
        yield folder


def snakemake(folder, name, environment, *more, limit_s=LIMIT_S):
    """A run in folder/name up to the catalogue's tables."""
    targets = [f"results/catalogue/{table}.csv" for table in TABLES]
    command = [sys.executable, "-m", "snakemake", *which(folder)]
    # the job steps find the interpreter's programs and this package without an installed one
    path = f"{lab_first(environment)}{Path(sys.executable).parent}:{environment['PATH']}"
    environment = {**environment, "PATH": path, "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "1700000000"}
    return subprocess.run(
        [*map(str, command), *more, "--", *targets],
        cwd=folder / name, env=environment, timeout=limit_s, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip


def which(folder) -> tuple:
    """The workflow, with the small configuration in place of the shipped one."""
    return "-s", ROOT / "Snakefile", "--configfile", folder / "small.yaml", "--replace-workflow-config"


def lab_first(environment) -> str:
    """The lab's own srun stays first on the path."""
    return environment["PATH"].split(":")[0] + ":" if "SLURM_CONF" in environment else ""


def same_tables(folder, name):
    for table in TABLES:
        expected = (folder / "local" / "results" / "catalogue" / f"{table}.csv").read_bytes()
        assert (folder / name / "results" / "catalogue" / f"{table}.csv").read_bytes() == expected, table


def profile() -> tuple[str, ...]:
    """The shipped profile, with waits that suit one node."""
    return (
        "--profile", str(ROOT / "configs" / "profiles" / "slurm"), "--latency-wait", "5",
        "--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2",
        "--default-resources", "slurm_partition=main", "slot=1", "mem_mb=1500", "runtime=2", "disk_mb=100",
    )  # fmt: skip


def test_one_submission_per_event_gives_the_tables_of_a_local_run(world, tmp_path):
    with lab.Lab(tmp_path / "lab") as node:
        start = time.monotonic()
        done = snakemake(world, "slurm", node.environment, *profile())
        print(f"{EVENTS} events on SLURM by the executor: {time.monotonic() - start:.0f} s")
        assert done.returncode == 0, done.stdout[-3000:]
        assert [job["JobState"] for job in node.finished_jobs()] == ["COMPLETED"] * EVENTS
    same_tables(world, "slurm")


def test_a_job_array_gives_the_same_and_takes_a_killed_job_and_a_drained_node(world, tmp_path):
    environment = {
        "EVENTS": "events.csv",
        "TARGET": "tables/intervals.csv",
        "PYTHONPATH": str(ROOT),
        "SOURCE_DATE_EPOCH": "1700000000",
    }
    with lab.Lab(tmp_path / "lab") as node:
        node.environment |= environment
        node.environment["PATH"] = f"{node.root}/bin:{Path(sys.executable).parent}:{node.environment['PATH']}"
        folder = world / "array"
        (folder / "logs").mkdir()
        node.run("scontrol", "update", f"nodename={node.host}", "state=drain", "reason=test")
        submit(node, world)
        time.sleep(3)
        assert set(states(node)) == {"PENDING"}
        node.run("scontrol", "update", f"nodename={node.host}", "state=resume")
        wait_for(lambda: "RUNNING" in states(node), 30)
        time.sleep(8)
        node.run("scancel", "--signal=KILL", "--full", "--name=events")
        wait_for(lambda: not states(node), 60)
        submit(node, world)
        start = time.monotonic()
        wait_for(lambda: not states(node), LIMIT_S)
        print(f"{EVENTS} events on SLURM as an array: {time.monotonic() - start:.0f} s")
        assert [job["JobState"] for job in node.finished_jobs()][-EVENTS:] == ["COMPLETED"] * EVENTS
    done = snakemake(world, "array", os.environ, "--cores", "2", "--rerun-incomplete")
    assert done.returncode == 0, done.stdout[-3000:]
    same_tables(world, "array")


def submit(node, world):
    script = ROOT / "configs" / "slurm_array.sh"
    options = ("--time=20", "--mem=1500M", f"--array=0-{EVENTS - 1}")
    done = node.run("sbatch", *options, script, *which(world), cwd=world / "array", timeout=30)
    assert done.returncode == 0, done.stderr


def states(node) -> list[str]:
    return node.run("squeue", "-h", "-o", "%T").stdout.split()


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(1)
