"""Damaged CDF files end refused, counted or read as the whole one; FUZZ=10000 tries that many of each kind."""

import os

import pytest
from fuzzing import GOOD, campaign, corpus, genuine, truncations

NUMBER = int(os.environ.get("FUZZ", "120"))
KINDS = ("plain", "compressed values", "two clocks", "compressed file", "checksum")
# What no reader can tell without a checksum: one number of a file in place of another that might have been measured.
HARMLESS = {*GOOD, "another plausible value"}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    return {seed.name: seed for seed in corpus(tmp_path_factory.mktemp("corpus"))}


def test_the_corpus_is_what_is_tested(seeds):
    assert tuple(seeds) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_changed_bytes(seeds, kind, tmp_path):
    counts, stories = campaign(seeds[kind], NUMBER, tmp_path)
    assert set(counts) <= HARMLESS, "\n".join(stories)


@pytest.mark.parametrize("kind", ["compressed values", "compressed file", "checksum"])
def test_a_checksum_leaves_no_number_in_doubt(seeds, kind, tmp_path):
    counts, _ = campaign(seeds[kind], NUMBER // 2, tmp_path, start=10**6)
    assert set(counts) <= set(GOOD)


@pytest.mark.parametrize("kind", KINDS)
def test_cut_at_every_hundredth(seeds, kind, tmp_path):
    counts, stories = truncations(seeds[kind], tmp_path)
    assert counts == {"refused": 100}, "\n".join(stories)


@pytest.mark.parametrize("name", ["ac_h1_mfi_20031120_v99.cdf", "wi_plsp_3dp_19990329_v02.cdf"])
def test_genuine_files_damaged(shared, name, tmp_path):
    counts, stories = campaign(genuine(next((shared / "archive").rglob(name))), NUMBER // 2, tmp_path)
    assert set(counts) <= HARMLESS, "\n".join(stories)
