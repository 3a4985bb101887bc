"""Random streams: the same everywhere, apart from each other."""

import subprocess
import sys

import numpy as np

from pipeline.stats.seeds import generator


def test_stream_is_the_same_in_another_process_with_another_hash_seed():
    code = "from pipeline.stats.seeds import generator; print(generator('2001-12-29', 'bootstrap', 'b_x', 3).random())"
    env = {"PYTHONHASHSEED": "12345", "PYTHONPATH": "."}
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
    assert float(there) == generator("2001-12-29", "bootstrap", "b_x", 3).random()


def test_streams_of_other_events_stages_and_parts_are_unrelated():
    keys = [("a", "b"), ("a", "c"), ("b", "b"), ("a", "b", "c"), ("a", "b", "d"), ("ab", ""), ("a", "b", 1, 2)]
    draws = np.array([generator(*key).standard_normal(4000) for key in keys])
    correlations = np.corrcoef(draws) - np.eye(len(keys))
    assert np.abs(correlations).max() < 5 / np.sqrt(4000)
