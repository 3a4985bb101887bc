"""The pages over all events in a real browser: no error, no request, links that lead somewhere, sorting, all widths."""

import pandas as pd
import pytest
from results_factory import write_results
from test_browser import BROWSER, LAYOUT, assert_fits, run

from pipeline import status, tables
from pipeline.population import COLUMNS
from pipeline.report import overall

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium or chrome to open the pages with")
NAMES = ("one", "two", "three")
WIDTHS = (500, 768, 1300)
SORT = """
const table = document.querySelector("table.sortable");
const names = () => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
found.before = names();
table.tHead.rows[0].cells[0].querySelector("button").click(); found.up = names();
table.tHead.rows[0].cells[0].querySelector("button").click(); found.down = names();
found.away = [...document.querySelectorAll("a")].map((a) => a.getAttribute("href"))
  .filter((h) => !h.startsWith("#") && !h.startsWith("data:"));
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A run of three events and one that failed, with both of its pages."""
    root = tmp_path_factory.mktemp("pages")
    for name in NAMES:
        write_results(root, name)
        (root / name / "report.html").write_text("<title>report</title>")
    (root / "catalogue").mkdir()
    numbers = [("sigma_c", "ejecta", spacecraft, 3, 0.5, 0.2, 0.8, None, "") for spacecraft in ("wind", "ace")]
    tables.write(pd.DataFrame(numbers, columns=COLUMNS), root / "catalogue" / "population.csv")
    (root / "catalogue" / "population.png").write_bytes(b"")
    reason = "ArchiveError: " + "a_long_name_without_any_blank_in_it_" * 5
    rows = [*((name, "done", "", "", "") for name in NAMES), ("broken", "failed", "fetch", "ace", reason)]
    came = pd.DataFrame(rows, columns=status.COLUMNS)
    overall.write_index(root, root / "index.html", came, catalogue="catalogue.html")
    overall.write_catalogue(root, root / "catalogue.html", list(NAMES), ["population.csv"])
    return root


@pytest.mark.parametrize("page", ["index", "catalogue"])
def test_a_page_sorts_links_and_asks_for_nothing(page, pages, tmp_path):
    found = run((pages / f"{page}.html").read_text("utf-8"), tmp_path, SORT)
    assert found["problems"] == found["requests"] == []
    assert found["up"] == sorted(found["before"])
    assert found["down"] == sorted(found["before"], reverse=True)
    assert found["away"]
    assert [link for link in found["away"] if not (pages / link).is_file()] == []


@pytest.mark.parametrize("page", ["index", "catalogue"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out(page, width, pages, tmp_path):
    assert_fits(run((pages / f"{page}.html").read_text("utf-8"), tmp_path, LAYOUT, width=width))
