"""Whole runs of the workflow, each made once per session and looked at by several tests."""

import shutil

import pytest
from runs import ROOT, Run, completed


@pytest.fixture(scope="session")
def genuine(tmp_path_factory, shared) -> Run:
    """The magnetic cloud of 2003-11-20 from genuine ACE and Wind files."""
    folder = tmp_path_factory.mktemp("genuine")
    rows = (ROOT / "configs" / "events.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "events.csv").write_text("".join(rows[:1] + [r for r in rows if r.startswith("2003-11-20")]), "utf-8")
    return completed(Run(folder, ("--config", "events=events.csv", f"archive={shared / 'archive'}")))


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Run:
    """The virtual event of `make demo`."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(ROOT / "configs", folder / "configs")
    keys = ("archive=archive", "data=data", "results=results")
    return completed(Run(folder, ("--configfile", str(ROOT / "configs" / "demo.yaml"), "--config", *keys)))
