"""The report in a real browser: it draws, zooms, sorts and downloads, with no error and no request."""

import html
import json
import re
import shutil
import subprocess

import pytest

from pipeline import report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium or chrome to open the report with")

# Runs in the page after it has loaded, and leaves what it found in the title.
PROBE = """
<script>
window.problems = [];
addEventListener("error", (e) => problems.push(e.message));
addEventListener("unhandledrejection", (e) => problems.push(String(e.reason)));
addEventListener("securitypolicyviolation", (e) => problems.push(e.violatedDirective + " " + e.blockedURI));
const found = {};
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
addEventListener("load", async () => {
  const state = document.getElementById("explore-state");
  for (let k = 0; k < 100 && state && !state.hidden; k++) await wait(100);
  try { await probe(found); } catch (e) { problems.push(String(e)); }
  found.requests = performance.getEntriesByType("resource").map((r) => r.name).filter((n) => !n.startsWith("data:"));
  found.problems = problems;
  document.title = "FOUND" + JSON.stringify(found);
});
const button = (place, text) =>
  [...document.querySelectorAll(place + " button")].find((b) => b.textContent.startsWith(text));
async function probe(found) { %s }
</script>
"""


def run(page, folder, script, width=1000):
    """What `script` found in the page, opened in a window of `width` pixels."""
    probed = folder / "probed.html"
    probed.write_text(page.replace("<body>", "<body>" + PROBE % script, 1), encoding="utf-8")
    command = [
        BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900", "--virtual-time-budget=20000",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom", probed.as_uri(),
    ]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    title = re.search(r"<title>FOUND(.*?)</title>", dom, re.DOTALL)
    assert title, "the probe did not finish"
    return json.loads(html.unescape(title.group(1)))


@pytest.fixture(scope="module")
def page(results, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    report.write(results, {"resample": {"cadence_s": "auto"}}, path)
    return path.read_text(encoding="utf-8")


ZOOM = """
const panels = document.getElementById("panels"), hodogram = document.getElementById("hodogram");
const shown = () => document.getElementById("shown").textContent;
const points = () => hodogram.data.filter((t) => t.mode === "lines")[0].x.length;
const wind = () => panels.data.filter((t) => t.name === "Wind" && t.mode === "lines")[0].x[0];
found.state = document.getElementById("explore-state").hidden;
found.panels = Object.keys(panels.layout).filter((k) => k.startsWith("yaxis")).length;
found.whole = shown(); found.points_whole = points();
found.names = panels.layout.annotations.map((a) => a.text); found.ticks = panels.layout.yaxis8.ticktext;
found.clock = panels.layout.xaxis.title.text;
button("#ranges", "Alfvénic 1").click(); await wait(500);
found.zoomed = shown(); found.points_zoomed = points(); found.speed_range = panels.layout.yaxis5.range;
await Plotly.relayout(panels, {"xaxis.range": ["2001-01-01 12:00", "2001-01-01 13:00"]}); await wait(500);
found.dragged = shown(); found.points_dragged = points();
found.shifted = wind();
document.getElementById("shift").click(); await wait(500);
found.unshifted = wind(); found.own_clock = panels.layout.xaxis.title.text;
const frame = document.getElementById("frame");
found.frames = [...frame.options].map((o) => o.value);
frame.value = found.frames[2]; frame.dispatchEvent(new Event("change")); await wait(500);
found.axis = hodogram.layout.xaxis.title.text;
const scalogram = document.getElementById("scalogram"), cells = scalogram.data[0];
found.scalogram_range = scalogram.layout.xaxis.range[0];
found.values = [...new Set(cells.z.flat())];
const what = document.getElementById("scalogram-what");
what.value = "sigma_r"; what.dispatchEvent(new Event("change")); await wait(500);
found.other_values = [...new Set(scalogram.data[0].z.flat())];
found.modebar = document.querySelectorAll("[data-title^=Share]").length;
"""
SORT = """
const table = document.querySelector("[aria-labelledby=table-correlation] table");
const column = [...table.tHead.rows[0].cells].findIndex((c) => c.textContent.startsWith("r"));
const values = () => [...table.tBodies[0].rows].map((row) => row.cells[column].dataset.sort);
const heading = table.tHead.rows[0].cells[column];
found.before = values();
heading.querySelector("button").click(); found.up = values(); found.aria = heading.getAttribute("aria-sort");
heading.querySelector("button").click(); found.down = values();
heading.querySelector("button").click(); found.after = values();
"""
LAYOUT = """
const inside = (e) => e.closest(".scroll, svg, .skip, .js-plotly-plot");
found.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
const out = (e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
found.out = [...document.querySelectorAll("main *")].filter((e) => !inside(e) && out(e))
  .map((e) => e.outerHTML.slice(0, 80));
found.links = [...document.querySelectorAll("nav a")].map((a) => a.getAttribute("href"))
  .filter((h) => h.startsWith("#") && !document.querySelector(h));
"""


@pytest.fixture(scope="module")
def visit(page, tmp_path_factory):
    """What one visit with a window of usual width found."""
    return run(page, tmp_path_factory.mktemp("visit"), f"{LAYOUT}{{{ZOOM}}}{{{SORT}}}", width=1300)


def test_the_page_draws_without_an_error_and_without_a_request(visit):
    assert visit["problems"] == []
    assert visit["requests"] == []


def test_panels_and_hodogram_follow_zoom_shift_and_frame(visit):
    found = visit
    assert found["state"] is True
    assert found["panels"] == 10
    assert "2001-01-02 00:00:00 to 2001-01-02 05:00:00 UTC (5.00 h)" in found["zoomed"]
    # 5 h of 64-s bins; whole events hold more, one hour holds fewer.
    assert found["points_zoomed"] in (281, 282)  # 18 000 s
    assert found["points_dragged"] in (56, 57)
    assert found["points_whole"] > 1500
    assert found["speed_range"][0] > 330  # km/s: the panel is filled by what is visible
    assert found["unshifted"] - found["shifted"] == 1920e3
    assert (found["clock"], found["own_clock"]) == ("Time at ACE (UTC)", "Time (UTC)")
    assert found["frames"][0] == "GSE"
    assert found["axis"] == "B<sub>int</sub> (nT)"
    assert found["modebar"] == 0
    assert found["scalogram_range"].startswith("2001-01-01 12:00")
    assert set(found["values"]) == {None, -0.8}
    assert set(found["other_values"]) == {None, 0.1}


def test_shaded_intervals_are_named_and_ticks_of_a_logarithm_are_whole_numbers(visit):
    assert visit["names"] == ["sheath", "ejecta", "Alfvénic 1"]
    assert len(visit["ticks"]) >= 2
    assert all(re.fullmatch(r"[\d.]+|(\d×)?10<sup>−?\d+</sup>", text) for text in visit["ticks"])


def test_sorting_sorts_numbers_and_keeps_missing_values_last(visit):
    found = visit
    known = [float(v) for v in found["before"] if v]
    missing = len(found["before"]) - len(known)
    assert missing == 5
    assert [float(v) for v in found["up"][:-missing]] == sorted(known)
    assert [float(v) for v in found["down"][:-missing]] == sorted(known, reverse=True)
    assert found["up"][-missing:] == found["down"][-missing:] == [""] * missing
    assert found["aria"] == "ascending"
    assert found["after"] == found["before"]


def assert_fits(found):
    assert found["problems"] == []
    assert found["out"] == []
    assert found["wide"] <= 0
    assert found["links"] == []


def test_nothing_sticks_out_of_a_window(visit):
    assert_fits(visit)


def test_nothing_sticks_out_of_a_narrow_window(page, tmp_path):
    assert_fits(run(page, tmp_path, LAYOUT, width=500))
