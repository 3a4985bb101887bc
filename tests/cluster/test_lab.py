"""The cluster of one node itself: comes up, runs an array, drains, resumes, kills, and leaves nothing behind."""

import subprocess
import time

import lab
import pytest

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(bool(lab.missing()), reason=lab.missing() or "SLURM is here"),
]

JOB = """#!/bin/bash
#SBATCH --output=/dev/null
sleep 45
"""


def states(node) -> list[str]:
    return node.run("squeue", "-h", "-r", "-o", "%T").stdout.split()


def wait_for(node, expected: list[str], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while states(node) != expected:
        assert time.monotonic() < end, f"{states(node)}, not {expected}, after {seconds} s"
        time.sleep(0.3)


def test_a_node_is_drained_resumed_and_its_jobs_killed(tmp_path):
    root = tmp_path / "lab"
    with lab.Lab(root) as node:
        (root / "job.sh").write_text(JOB)
        node.run("scontrol", "update", f"nodename={node.host}", "state=drain", "reason=test")
        submitted = node.run("sbatch", "--array=0-1", "--mem=50", "--job-name=two", str(root / "job.sh"))
        assert submitted.returncode == 0, submitted.stderr
        time.sleep(1)
        assert states(node) == ["PENDING"] * 2
        node.run("scontrol", "update", f"nodename={node.host}", "state=resume")
        wait_for(node, ["RUNNING"] * 2)
        node.run("scancel", "--signal=KILL", "--full", "--name=two")
        wait_for(node, [])
        node.run("sbatch", "--mem=50", str(root / "job.sh"))
        wait_for(node, ["RUNNING"])
    left = subprocess.run(["pgrep", "-f", str(root)], capture_output=True, text=True, check=False).stdout
    assert left == ""
