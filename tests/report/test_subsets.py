"""A page of any choice of diagnostics and pairs: settings may name few or none of them."""

import pandas as pd
import pytest
from results_factory import write_results

from pipeline import report
from pipeline.report import cautions
from pipeline.results import EventResults

NAMES = ("alfvenicity", "hodogram", "correlation", "wavelet", "spectra")


@pytest.mark.parametrize("kept", [(), *((name,) for name in NAMES)], ids=lambda names: "-".join(names) or "nothing")
def test_an_event_with_few_results_has_its_page(tmp_path, kept):
    folder = write_results(tmp_path)
    dropped = [name for name in NAMES if name not in kept]
    for name in dropped:
        for path in (*folder.glob(f"*/{name}.nc"), *folder.glob(f"tables/{name}.csv")):
            path.unlink()
    columns = pd.read_csv(folder / "tables" / "columns.csv", keep_default_na=False)
    columns[~columns["table"].isin(dropped)].to_csv(folder / "tables" / "columns.csv", index=False)
    results = EventResults(folder)
    shown = report.content(results, {})
    assert {table["name"] for table in shown["tables"]} == {"intervals", *kept} - {"wavelet", "spectra"}
    assert all(map(len, cautions.cautions(results)))
