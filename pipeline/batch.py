"""Many results in one process: the jobs of an event one after the other, each only where its result does not stand.

A job of its own for every result reruns exactly what changed, and pays a start of Python and its imports each time. For
many events that start costs more than the results. Here the same scripts run on the same inputs and parameters in one
process; what was made before stands where its record (pipeline/provenance.py) says that it was made from these inputs,
by this code, with these parameters.
"""

import json
import runpy
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipeline import provenance


@dataclass(frozen=True)
class Task:
    """What Snakemake would hand to one job: `rule` and what its script reads as input, output, params, wildcards."""

    rule: str
    script: str
    input: Any
    output: Any
    params: Any
    wildcards: Any


class Later:
    """A list that is worked out when it is handed to a job (pickled), not for every job of a plan."""

    def __init__(self, build: Callable[[], list]):
        self.build = build

    def __reduce__(self) -> tuple:
        return list, (self.build(),)


def run(tasks: Iterable[Task]) -> list[str]:
    """Do the tasks in their order; returns the outputs that could not be made.

    A task that fails notes why beside its output (pipeline/status.py), and those that need its output are left out;
    the others go on.
    """
    lost: list[str] = []
    for task in tasks:
        if set(task.input) & set(lost) or not (stands(task) or made(task)):
            lost += task.output
    return lost


def stands(task: Task) -> bool:
    """Is every output there, as it was recorded, from the same inputs, parameters and code?"""
    code, params = provenance.code_and_params(task.params.items())
    expected = {"code": code, "params": json.loads(json.dumps(params, default=provenance.plain))}
    sums = {path: provenance.sha256(path) for path in set(task.input)}
    return all(_recorded(Path(path), expected, sums) for path in task.output)


def _recorded(path: Path, expected: dict, sums: dict[str, str]) -> bool:
    try:
        record = json.loads(provenance.record_of(path).read_text("utf-8"))
        own = provenance.sha256(path)
    except (OSError, ValueError):
        return False
    parents = {provenance.beside(parent, path): digest for parent, digest in sums.items()}
    return own == record["sha256"] and expected | {"parents": parents} == {
        key: record.get(key) for key in (*expected, "parents")
    }


def made(task: Task) -> bool:
    """Run the task's script, without what an earlier run left; False where it failed, and said so."""
    hook = sys.excepthook
    for path in task.output:
        Path(path).unlink(missing_ok=True)
    try:
        runpy.run_path(task.script, init_globals={"snakemake": SimpleNamespace(**vars(task))})
    except Exception as error:  # whatever it is, the other results do not depend on it
        sys.excepthook(type(error), error, error.__traceback__)  # the script's own: it leaves the note
        return False
    finally:
        sys.excepthook = hook
    return True
