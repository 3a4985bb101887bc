"""No job loads what it does not use: most jobs are short, and a needless import can cost more than their work."""

import json

import pytest

# Modules, and the rules whose jobs may load them.
BUDGET = {
    "pyspedas": {"fetch"},  # and there only for an archive on the network
    "astropy": {"fetch"},
    "spacepy": {"fetch"},
    "requests": {"fetch"},
    "dask": set(),
    "numbagg": set(),
    "flox": set(),
    "netCDF4": set(),
    "zarr": set(),
    "IPython": set(),
    "plotly": {"report"},
    "jinja2": {"report", "catalogue_page", "index"},
    "PIL": {"report", "draw", "population", "index"},
    "matplotlib": {"draw", "population"},
    "matplotlib.pyplot": set(),
    "cdflib": {"fetch", "simulate"},
    "scipy.signal": set(),
    "scipy.stats": {"population"},
    "scipy.optimize": {"population"},
    "xarray": {"*", "-fetch", "-catalogue"},
    "pandas": {"*", "-fetch"},
    "snakemake.workflow": set(),
    "pytest": set(),
}


def allowed(module: str, rule: str) -> bool:
    rules = BUDGET[module]
    return f"-{rule}" not in rules and ("*" in rules or rule in rules)


@pytest.fixture(scope="module")
def jobs(demo):
    """(rule, wildcards, modules) of every job of the demo, as it ran."""
    notes = [json.loads(path.read_text("utf-8")) for path in demo.modules_seen.glob("*.json")]
    return [(note["rule"], note["wildcards"], set(note["modules"])) for note in notes]


def test_every_stage_was_seen(jobs):
    stages = {"fetch", "load", "resample", "lag", "intervals", "diagnose", "correlate", "tabulate", "draw", "report"}
    assert stages <= {rule for rule, _, _ in jobs}


@pytest.mark.parametrize("module", BUDGET)
def test_only_the_stages_that_use_a_module_load_it(jobs, module):
    loaded = {
        f"{rule} {wildcards}" for rule, wildcards, modules in jobs if module in modules and not allowed(module, rule)
    }
    assert not loaded
