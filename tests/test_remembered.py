"""Answers that are kept: the same question is not worked out twice, another one is, and no caller spoils another's."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline.config import Frozen
from pipeline.remembered import KEPT, remembered

TABLE = pd.DataFrame({"interval": ["ejecta"], "start": [pd.Timestamp("2001-12-29")]})


class Settings(Frozen):
    draws: int = 10


def field(values=(1.0, 2.0, np.nan), **attrs):
    ds = xr.Dataset({"b": ("time", list(values))}, {"component": ["x", "y"]}, attrs)
    ds["names"] = "n", np.array(["a", "b"], dtype=object)
    return ds


@pytest.fixture
def asked():
    questions = []

    @remembered
    def compute(ds, table, lag_s, settings):
        questions.append(lag_s)
        return ds.assign(lag=lag_s)

    return compute, questions


def test_the_same_question_of_other_objects_is_answered_once(asked):
    compute, questions = asked
    first, second = (compute(field(), TABLE.copy(), 60.0, Settings()) for _ in range(2))
    assert questions == [60.0]
    xr.testing.assert_identical(first, second)


def test_what_a_caller_does_to_an_answer_is_its_own(asked):
    compute, _ = asked
    first = compute(field(), TABLE, 60.0, Settings())
    first["b"].values[:] = 0.0
    first.attrs["event"] = "other"
    xr.testing.assert_identical(compute(field(), TABLE, 60.0, Settings()), field().assign(lag=60.0))


def test_an_argument_may_be_named(asked):
    compute, questions = asked
    compute(field(), TABLE, 60.0, Settings())
    compute(field(), settings=Settings(), lag_s=60.0, table=TABLE)
    assert questions == [60.0]


def other_table():
    return TABLE.assign(start=pd.Timestamp("2001-12-30"))


@pytest.mark.parametrize(
    "other",
    [
        (field((1.0, 2.0, 3.0)), TABLE, 60.0, Settings()),
        (field((1.0, np.nan, 2.0)), TABLE, 60.0, Settings()),
        (field(spacecraft="ace"), TABLE, 60.0, Settings()),
        (field().assign_coords(component=["x", "z"]), TABLE, 60.0, Settings()),
        (field().assign(names=("n", np.array(["a", "c"], dtype=object))), TABLE, 60.0, Settings()),
        (field().rename(b="v"), TABLE, 60.0, Settings()),
        (field().assign(b=field()["b"].astype("float32")), TABLE, 60.0, Settings()),
        (field().set_coords("b"), TABLE, 60.0, Settings()),
        (field(), other_table(), 60.0, Settings()),
        (field(), TABLE, 60.0 + 1e-9, Settings()),
        (field(), TABLE, 60.0, Settings(draws=11)),
    ],
)
def test_another_question_is_worked_out(asked, other):
    compute, questions = asked
    compute(field(), TABLE, 60.0, Settings())
    compute(*other)
    assert len(questions) == 2


def test_what_only_looks_alike_is_another_question(asked):
    """Long arrays are printed with dots, numbers of an array with eight digits; csv writes NaN as nothing."""
    compute, questions = asked
    long = np.arange(2000.0)
    for centre in (long, np.where(long == 1000, -1, long), np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-12])):
        compute(field(centre=centre), TABLE, 60.0, Settings())
    for interval in ("", np.nan, "1", 1):
        compute(field(), TABLE.assign(interval=[interval]), 60.0, Settings())
    assert len(questions) == 8


def test_few_answers_are_kept(asked):
    compute, questions = asked
    for lag_s in (*range(KEPT + 1), KEPT, 0):
        compute(field(), TABLE, float(lag_s), Settings())
    assert questions == [float(lag_s) for lag_s in (*range(KEPT + 1), 0)]
