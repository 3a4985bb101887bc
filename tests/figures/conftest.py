import pytest
from results_factory import write_results

from pipeline.results import EventResults


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Results of a made-up event with known numbers."""
    return EventResults(write_results(tmp_path_factory.mktemp("results")))
