"""Timing of our kernels beside their peers: taken in turns in one run, so that what else the machine does hits all.

A number counts only where it agrees: every contestant's result is compared with ours in the same run.
"""

import importlib
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Peer:
    """Another way to do the job. `prepare` is called once with the module and returns what is timed."""

    name: str
    module: str
    prepare: Callable
    target: float | None = None  # how many times faster than it we want to be
    deviation: Callable = lambda ours, theirs: np.nan  # of the two results
    tolerance: float = np.inf
    share: float = 1.0  # of the job that is timed: what is measured is multiplied by it


@dataclass
class Row:
    """One line of the table; medians in ms."""

    job: str
    name: str
    ours: float
    theirs: float = np.nan
    target: float | None = None
    agreement: str = ""
    note: str = ""

    def cells(self) -> list[str]:
        ratio = self.theirs / self.ours
        met = "" if self.target is None or np.isnan(ratio) else ("yes" if ratio >= self.target else "no")
        numbers = [_number(self.ours), _number(self.theirs), _number(ratio)]
        target = "" if self.target is None else f">= {self.target:g}"
        return [self.job, self.name, *numbers, target, met, self.agreement or self.note]


def _number(value):
    return "-" if np.isnan(value) else f"{value:.3g}"


HEADER = ["job", "compared with", "ours, ms", "theirs, ms", "theirs / ours", "target", "met", "agreement"]


@dataclass
class Table:
    """Rows of a run, in the order in which they were measured."""

    rows: list[Row] = field(default_factory=list)

    def markdown(self) -> str:
        lines = [HEADER, ["---"] * len(HEADER), *(row.cells() for row in self.rows)]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def race(benchmark, table: Table, job: str, ours: Callable, peers: list[Peer], rounds: int) -> None:
    """Time `ours` and every peer in turns, and add the rows to the table."""
    runners, absent = {}, {}
    for peer in peers:
        try:
            runners[peer.name] = peer.prepare(importlib.import_module(peer.module))
        except (ImportError, OSError) as error:
            absent[peer.name] = f"not measured: {error}"
    result = ours()
    found = {peer.name: peer.deviation(result, runners[peer.name]()) for peer in peers if peer.name in runners}
    seconds = {name: [] for name in runners}

    def others_first():
        for name, run in runners.items():
            begin = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - begin)

    benchmark.pedantic(ours, setup=others_first, rounds=rounds)
    mine = 1e3 * benchmark.stats.stats.median
    for peer in peers:
        if peer.name in absent:
            table.rows.append(Row(job, peer.name, mine, note=absent[peer.name]))
            continue
        agrees = not found[peer.name] > peer.tolerance
        text = "" if np.isnan(found[peer.name]) else f"{found[peer.name]:.1e}"
        note = text if agrees else f"{text}: beyond {peer.tolerance:g}, does not count"
        theirs = 1e3 * peer.share * float(np.median(seconds[peer.name])) if agrees else np.nan
        table.rows.append(Row(job, peer.name, mine, theirs, peer.target, note))


def machine() -> str:
    """Processor and versions, no names of hosts."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.is_file() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    versions = ", ".join(f"{name} {importlib.import_module(name).__version__}" for name in ("numpy", "scipy", "pandas"))
    return f"{model}, one thread; Python {platform.python_version()}, {versions}"
