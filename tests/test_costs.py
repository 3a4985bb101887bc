"""Costs per rule, against benchmark files written with known numbers."""

import pytest

from pipeline import costs

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def write(folder, event, name, wall_s, memory_mb, cpu_s):
    path = folder / event / "benchmarks" / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}{wall_s}\t0:00:01\t{memory_mb}\t1\t1\t1\t0\t0\t50\t{cpu_s}\n")


@pytest.fixture
def folder(tmp_path):
    for event, factor in (("a", 1), ("b", 3)):
        write(tmp_path, event, "load_ace", 2 * factor, 100 * factor, 1 * factor)
        write(tmp_path, event, "draw_pair_ace-wind", 10, 400, 8)
        write(tmp_path, event, "lag_ace-wind", 0.1, "-", 0.1)
    return tmp_path


def test_costs_are_summed_per_rule(folder):
    table = costs.by_rule(costs.jobs(folder)).set_index("rule")
    assert list(table.index) == ["draw", "load", "lag"]
    load = table.loc["load"]
    assert (load["jobs"], load["wall_s"], load["wall_s_max"], load["cpu_s_total"]) == (2, 4, 6, 4)
    assert load["memory_mb_max"] == 300


def test_a_sentence_tells_what_an_event_took(folder):
    # (1 + 3 + 2 * 8.1) / 2 events = 10.1 s; (2 + 6 + 2 * 10.1) / 2 = 14.1 s
    assert costs.summary(costs.jobs(folder)).startswith("2 events, 3 jobs each: 0.2 CPU minutes and 0.2 minutes")


def test_no_benchmarks_no_costs(tmp_path):
    assert costs.summary(costs.jobs(tmp_path)).startswith("no costs")
    assert costs.by_rule(costs.jobs(tmp_path)).empty
