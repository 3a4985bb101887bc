"""The generated pages of docs/ are what the code says now."""

from pathlib import Path

import pandas as pd

from pipeline import reference
from pipeline.config import Settings

DOCS = Path(__file__).resolve().parents[1] / "docs"
AGAIN = "python -m pipeline.reference docs demo/results/demo/tables/columns.csv"


def test_the_page_of_settings_is_that_of_the_code():
    assert (DOCS / "settings.md").read_text("utf-8") == reference.settings_page(), AGAIN


def test_every_setting_is_on_the_page_with_a_meaning():
    page = reference.settings_page()
    for name in (*Settings.model_fields, "min_coverage", "outlier_sigma", "band_s", "rope.handedness"):
        assert f"`{name}`" in page
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert not [row for row in rows if row.endswith("|  |")]


def test_columns_that_differ_by_a_suffix_share_a_row():
    rows = [{"table": "walen", "column": f"v_ht_{x}", "units": "km s-1", "meaning": f"velocity, {x}"} for x in "xyz"]
    page = reference.columns_page(pd.DataFrame(rows))
    assert "| `v_ht_x`, `v_ht_y`, `v_ht_z` | km s-1 | velocity |" in page


def test_variables_of_the_schema_are_on_the_committed_page():
    page = (DOCS / "columns.md").read_text("utf-8")
    made = reference.columns_page(pd.DataFrame(columns=["table", "column", "units", "meaning"]))
    assert page.startswith(made.rstrip())
