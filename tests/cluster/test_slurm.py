"""A catalogue on a real SLURM of one node, fed over HTTP from loopback: the tables of a local run, byte for byte."""

import os
import time

import lab
import pytest
from world import PROFILE, TABLES, World, states, wait_for

EVENTS = int(os.environ.get("CLUSTER_EVENTS", "2"))

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not os.environ.get("CLUSTER"), reason="takes many minutes: set CLUSTER=1"),
    pytest.mark.skipif(bool(lab.missing()), reason=lab.missing() or "SLURM is here"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The archive, served, and the results of a local run in its folder `local`."""
    with World(tmp_path_factory.mktemp("cluster"), EVENTS) as world:
        done = world.snakemake("local", "--cores", "2")
        assert done.returncode == 0, done.stdout[-3000:]
        yield world


def same_tables(world, name):
    for table in TABLES:
        assert world.table(name, table) == world.table("local", table), table


def test_a_job_array_survives_a_drained_node_a_requeued_and_a_killed_task(world, tmp_path):
    with lab.Lab(tmp_path / "lab") as node:
        node.run("scontrol", "update", f"nodename={node.host}", "state=drain", "reason=test")
        world.submit_array(node, "array", tasks=2)
        time.sleep(2)
        assert states(node) == ["PENDING"] * 2
        node.run("scontrol", "update", f"nodename={node.host}", "state=resume")
        wait_for(lambda: states(node) == ["RUNNING"] * 2, 30)
        time.sleep(12)  # until jobs of the workflow run
        first, second = node.run("squeue", "-h", "-r", "-o", "%i").stdout.split()
        # as a pre-emption ends a task: it goes back into the queue, and SLURM holds it there for two minutes
        assert node.run("scontrol", "requeue", first).returncode == 0
        node.run("scancel", "--signal=KILL", "--full", second)
        wait_for(lambda: states(node) == ["PENDING"], 30)
        node.run("scontrol", "update", f"jobid={first}", "StartTime=now")
        wait_for(lambda: not states(node), world.limit_s)
        # as SLURM notes them: the first task put back and later done, the second ended by force
        assert sorted(job["JobState"] for job in node.finished_jobs()) == ["CANCELLED", "COMPLETED", "PENDING"]
    # what the killed task left is made by the same command again
    done = world.snakemake("array", "--cores", "2", "--rerun-incomplete")
    assert done.returncode == 0, done.stdout[-3000:]
    same_tables(world, "array")


def test_one_submission_per_event_gives_the_tables_of_a_local_run(world, tmp_path):
    with lab.Lab(tmp_path / "lab") as node:
        done = world.snakemake("executor", *PROFILE, given=node.environment)
        assert done.returncode == 0, done.stdout[-3000:]
        assert [job["JobState"] for job in node.finished_jobs()] == ["COMPLETED"] * EVENTS
    same_tables(world, "executor")
