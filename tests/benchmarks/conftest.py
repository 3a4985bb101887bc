"""Benchmarks: `python -m pytest tests/benchmarks` with the extra `benchmarks`. The ordinary test run leaves them out.

Threads are limited here, before numpy and the peers are imported: everyone has one.
"""

import os

for name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "POLARS_MAX"):
    os.environ[f"{name}_NUM_THREADS" if name != "POLARS_MAX" else "POLARS_MAX_THREADS"] = "1"

from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from race import Table, machine, race  # noqa: E402

OUTPUT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
TABLE = Table()


@pytest.fixture
def compete(benchmark):
    """compete(job, ours, peers, rounds) times them in turns and adds rows to the table."""
    return lambda job, ours, peers, rounds=7: race(benchmark, TABLE, job, ours, peers, rounds)


@pytest.fixture(scope="session")
def event():
    """v, b (57,600 samples at 3 s, component), km s-1: red noise, correlated, sigma_c about 0.8; without gaps."""
    rng = np.random.default_rng(5)
    n = 57_600
    b = 0.3 * np.cumsum(rng.standard_normal((n, 3)), axis=0) + rng.standard_normal((n, 3))
    v = 0.6 * b + 0.2 * np.cumsum(rng.standard_normal((n, 3)), axis=0) + np.array([-400.0, 0.0, 0.0])
    return v, b


@pytest.fixture(scope="session")
def gapped(event):
    """The same with 2 % of the samples missing."""
    v, b = (x.copy() for x in event)
    gap = np.random.default_rng(6).random(len(v)) < 0.02
    v[gap], b[gap] = np.nan, np.nan
    return v, b


def pytest_sessionfinish(session):
    """Print the table and, if it is a whole one, keep it for the documentation."""
    if not TABLE.rows:
        return
    text = f"Medians of one run, contestants in turns. {machine()}.\n\n{TABLE.markdown()}"
    print("\n" + text)
    if session.config.getoption("--benchmark-table"):
        OUTPUT.write_text("<!-- written by tests/benchmarks -->\n\n" + text)


def pytest_addoption(parser):
    """`--benchmark-table` writes docs/benchmarks.md."""
    parser.addoption("--benchmark-table", action="store_true", help="write the table to docs/benchmarks.md")
