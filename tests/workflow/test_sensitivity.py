"""The baseline of an ensemble is the event itself, to the last digit of its tables."""

import pandas as pd
import pytest

from pipeline import provenance, tables
from pipeline.aligned import QUANTITIES
from pipeline.config import read_events, read_settings
from pipeline.sensitivity import Settings, ensemble
from pipeline.sensitivity.run import run


@pytest.mark.parametrize(
    ("run_of", "name", "table", "region"),
    [
        ("demo", "demo", "configs/demo.csv", "alfvenic"),
        ("genuine", "2003-11-20", "events.csv", "ejecta_rear"),
    ],
)
def test_the_baseline_is_the_events_own_verdict(request, run_of, name, table, region, tmp_path):
    whole = request.getfixturevalue(run_of)
    event, folder = read_events(whole.folder / table)[name], whole.results / name
    stages = ensemble.Stages.of(read_settings({"sensitivity": {"region": region}}))
    raws = {spacecraft: provenance.read(folder / spacecraft / "raw.nc") for spacecraft in event.spacecraft}
    tables.write(run(ensemble.specifications(Settings(), stages)[:1], event, raws, stages), tmp_path / "row.csv")
    row = pd.read_csv(tmp_path / "row.csv", dtype=str, keep_default_na=False).iloc[0]
    assert row["region"].startswith(region)
    verdict, contrast = (_rows(folder / "tables" / f"{stem}.csv", row["region"]) for stem in ("verdict", "contrast"))
    for column in ("agreement", "misfit", "complexity", "waves", "baseline", "window_h", "delta_r_band", "rank_first"):
        assert row[column] == verdict[column].item(), column
    assert row["delta_r_vector"] == verdict["delta_r"].item()
    assert row["delta_r_ci_low_vector"] == verdict["delta_r_ci_low"].item()
    for quantity in QUANTITIES:
        cell = contrast[(contrast["quantity"] == quantity) & (contrast["scale"] == "all")]
        for column in ("delta_r", "delta_r_ci_low", "delta_r_ci_high", "delta_r_p"):
            assert row[f"{column}_{quantity}"] == cell[column].item(), (column, quantity)


def _rows(path, region):
    """Rows of one interval of a table, as text."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table[table["interval"] == region]
