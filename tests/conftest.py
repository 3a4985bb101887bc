"""Shared fixtures. Genuine spacecraft files lie outside the project, in ../shared; continuous integration has them."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("suite", settings(), deadline=None)  # a busy machine is no fault of the code
settings.load_profile("suite")

# Parts of tests' names, and the run of the workflow that they look at: one worker takes them all and makes it once.
RUNS = {
    "[genuine-": "genuine",
    "test_demo.py": "demo",
    "test_imports.py": "demo",
    "test_notebooks.py": "demo",
    "test_sensitivity.py": "demo",
    "test_genuine.py": "genuine",
    "test_event_jobs.py": "jobs",
    "test_slurm.py": "cluster",
}

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of genuine files. Absent: the test is skipped, but fails where CI is set, which must have them."""
    if SHARED.is_dir():
        return SHARED
    if os.environ.get("CI"):
        pytest.fail(f"genuine spacecraft files are missing: {SHARED}")
    pytest.skip(f"no genuine spacecraft files at {SHARED}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where the genuine files are, a test that asks for them must run: skipping it is a failure."""
    report = yield
    asks = "shared" in getattr(item, "fixturenames", ()) or item.get_closest_marker("genuine")
    if report.skipped and SHARED.is_dir() and asks:
        report.outcome, report.longrepr = "failed", f"skipped although {SHARED} is there: {report.longrepr}"
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Tests by RUNS, all others one by one. The marks for groups of pytest-xdist 3.8 do nothing with pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class ByRun(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return next((run for part, run in RUNS.items() if part in nodeid), nodeid)

    return ByRun(config, log) if config.getvalue("dist") == "loadgroup" else None
