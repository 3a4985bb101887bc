"""Several jobs in one process: what stands is left alone, what does not is made, a failure stops only what needs it."""

import pickle
import sys
from pathlib import Path

import pytest

from pipeline import batch, provenance

SCRIPT = """
from pathlib import Path
from pipeline import provenance, status

status.watch(snakemake.rule, snakemake.output[0])
texts = [Path(path).read_text() for path in snakemake.input]
if "bad" in "".join(texts):
    raise ValueError("an input is bad")
Path(snakemake.output[0]).write_text("+".join(texts) + snakemake.params["suffix"])
with open(Path(snakemake.output[0]).parent / "done", "a") as log:
    log.write(snakemake.rule + " ")
provenance.account(snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), {})
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    return tmp_path


def tasks(folder: Path, suffix="!", code="1") -> list[batch.Task]:
    """left = a!, right = b!, both = left+right!"""

    def task(rule, inputs, **params):
        params = {"suffix": suffix, "code": code, "seen": "whatever"} | params
        files = [str(folder / name) for name in inputs]
        return batch.Task(rule, str(folder / "script.py"), files, [str(folder / rule)], params, {})

    return [task("left", ["a"]), task("right", ["b"], suffix="!"), task("both", ["left", "right"])]


def done(folder: Path) -> list[str]:
    """Rules whose scripts ran since the last look."""
    log = folder / "done"
    words = log.read_text().split() if log.is_file() else []
    log.unlink(missing_ok=True)
    return words


def test_tasks_run_in_order_once_and_then_stand(folder):
    assert batch.run(tasks(folder)) == []
    assert (folder / "both").read_text() == "a!+b!!"
    assert done(folder) == ["left", "right", "both"]
    assert batch.run(tasks(folder)) == []
    assert done(folder) == []


def test_another_input_remakes_what_depends_on_it_alone(folder):
    batch.run(tasks(folder))
    done(folder)
    (folder / "b").write_text("c")
    assert batch.run(tasks(folder)) == []
    assert done(folder) == ["right", "both"]
    assert (folder / "both").read_text() == "a!+c!!"


@pytest.mark.parametrize(
    ("changed", "remade"), [({"suffix": "?"}, ["left", "both"]), ({"code": "2"}, ["left", "right", "both"])]
)
def test_another_parameter_or_code_remakes(folder, changed, remade):
    batch.run(tasks(folder))
    done(folder)
    batch.run(tasks(folder, **changed))
    assert done(folder) == remade


def test_an_altered_or_missing_result_is_made_again_and_what_was_the_same_again_stands(folder):
    batch.run(tasks(folder))
    done(folder)
    (folder / "left").write_text("edited")
    (folder / "right").unlink()
    batch.run(tasks(folder))
    assert done(folder) == ["left", "right"]  # they came out as they were, so what is made from them stands
    provenance.record_of(folder / "both").write_text("{broken")
    batch.run(tasks(folder))
    assert done(folder) == ["both"]


def test_a_failure_leaves_its_note_no_file_and_stops_only_what_needs_it(folder, capsys):
    batch.run(tasks(folder))
    done(folder)
    hook = sys.excepthook
    (folder / "a").write_text("bad")
    (folder / "b").write_text("c")
    assert batch.run(tasks(folder)) == [str(folder / "left"), str(folder / "both")]
    assert done(folder) == ["right"]
    assert not (folder / "left").exists()
    assert "an input is bad" in (folder / "left.failed.json").read_text()
    assert "ValueError: an input is bad" in capsys.readouterr().err
    assert sys.excepthook is hook
    (folder / "a").write_text("a")
    assert batch.run(tasks(folder)) == []
    assert done(folder) == ["left", "both"]
    assert not (folder / "left.failed.json").exists()


def test_what_comes_later_is_worked_out_when_it_is_handed_over():
    asked = []
    later = batch.Later(lambda: asked.append(1) or [1, 2])
    assert asked == []
    assert pickle.loads(pickle.dumps(later)) == [1, 2]
    assert asked == [1]
