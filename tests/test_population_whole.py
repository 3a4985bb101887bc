"""The study of many on virtual events that went through the stages: tables of several events, numbers, figure."""

import csv

import pandas as pd
import pytest

from pipeline import detect, intervals, population, provenance, simulate, tables
from pipeline.config import Lag, read_events
from pipeline.diagnostics import alfvenicity
from pipeline.pairs import contrast, correlation, lag
from pipeline.report import population as figure
from pipeline.resample import grid_edges, resample

N = 4
WAVES = {"sigma_c": -0.9, "sigma_r": 0.0, "db_over_b": 0.35, "shared": 0.0, "duration_h": 5.0}


def drawn(number: int) -> simulate.Settings:
    """Waves of which the two spacecraft share nothing, in all events but the first, which has none."""
    return simulate.Settings(
        event=f"virtual-{number}", seed=number, sampling_s=8, sheath_h=4, ejecta_h=14, before_h=2, after_h=3,
        products={"ace": ("AC_H0_MFI", "AC_H0_SWE"), "wind": ("WI_H0_MFI", "WI_H1_SWE")},
        waves=WAVES if number else {"duration_h": 0.0, "db_over_b": 0.0},
        turbulence={"shared": 0.95}, second={"lag_s": 1280.0, "offset_y_km": 5e5 * (number + 1)},
    )  # fmt: skip


def uniform(realisation, spacecraft: str):
    time = realisation.series["ace"]["time"].values
    ds = resample(simulate.observe(realisation, spacecraft), grid_edges(time[0], time[-1], 100.0), 0.5)
    return ds.assign_attrs(event=realisation.settings.event, spacecraft=spacecraft)


def through_the_stages(settings, event, folder) -> None:
    """Files and tables of one event, as the workflow writes those that the study reads."""
    realisation = simulate.realise(settings)
    first, second = uniform(realisation, "ace"), uniform(realisation, "wind")
    found = lag.compute(first, second, intervals.given_intervals(event, lags_s={}), Lag(search_s=3600))
    lag_s = float(found["lag_s"])
    provenance.write(found, folder / "ace-wind" / "lag.nc", "lag", {})
    given, rows, counted, running = intervals.given_intervals(event, {"wind": lag_s}), [], [], []
    for ds in (first, second):
        own = intervals.of(given, ds.attrs["spacecraft"])
        detected = detect.detect(ds, own, detect.Settings())
        counted.append(detect.summary(ds, own, detected, detect.Settings()))
        rows += [own, detected]
    table = pd.concat([each for each in rows if len(each)], ignore_index=True)
    intervals.write(table, folder / "intervals.csv")
    names = {"event": event.name}
    for ds in (first, second):
        spacecraft = ds.attrs["spacecraft"]
        result = alfvenicity.compute(ds, intervals.of(table, spacecraft), alfvenicity.Settings())
        running.append(result.assign_attrs(names, spacecraft=spacecraft))
        provenance.write(running[-1], folder / spacecraft / "alfvenicity.nc", "diagnose", {})
    common = intervals.of_pair(table, "ace", "wind", lag_s)
    both = {"first": "ace", "second": "wind"}
    made = {"occurrence": pd.concat(counted).assign(event=event.name), "alfvenicity": tables.tidy(running)}
    for module in (correlation, contrast):
        result = module.compute(first, second, common, lag_s, module.Settings()).assign_attrs(names | both)
        made[module.__name__.rpartition(".")[2]] = tables.tidy([result])
    for name, frame in made.items():
        tables.write(frame, folder / "tables" / f"{name}.csv")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    rows = [row for number in range(N) for row in simulate.event_rows(drawn(number))]
    with open(root / "events.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    events = read_events(root / "events.csv")
    for number, event in enumerate(events.values()):
        through_the_stages(drawn(number), event, root / event.name)
    for name in ("occurrence", "alfvenicity", "correlation", "contrast"):
        paths = [root / event / "tables" / f"{name}.csv" for event in events]
        tables.concatenate(paths, root / "catalogue" / f"{name}.csv")
    return root


@pytest.fixture(scope="module")
def numbers(root):
    return population.study(root)


def value(numbers, quantity, region, subset):
    chosen = numbers.query("quantity == @quantity and region == @region and subset == @subset")
    assert len(chosen) == 1
    return chosen.iloc[0]


@pytest.mark.parametrize("spacecraft", ["ace", "wind"])
def test_the_events_with_waves_are_counted(numbers, spacecraft):
    row = value(numbers, "with_alfvenic", "ejecta", spacecraft)
    assert (row["n_events"], row["value"]) == (N, (N - 1) / N)


def test_waves_that_nothing_shares_lower_the_correlation(numbers):
    # rms of the waves 0.35 of a field that turns by itself: of each component a fifth and more is not shared
    for component in ("b_x", "b_y", "b_z"):
        row = value(numbers, "delta_r", "alfvenic", component)
        assert row["n_events"] == N - 1
        assert row["value"] < 0


def test_every_number_has_an_interval(numbers):
    # with so little decay over so few pairs a scale length may not be told: then neither it nor its interval
    told = numbers[numbers["value"].notna()]
    assert len(told) >= 0.9 * len(numbers)
    assert told[["low", "high"]].notna().all(axis=None)
    assert (told["low"] <= told["value"]).all()
    assert (told["value"] <= told["high"]).all()


def test_the_figure_is_drawn_from_them(root, numbers):
    drawn = figure.draw(root, numbers, population.epochs(root))
    assert all(axis.has_data() for axis in drawn.axes)
