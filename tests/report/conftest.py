import pytest
from results_factory import write_results

from pipeline.figures import overview, save
from pipeline.results import EventResults


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Results of a made-up event, with one figure drawn."""
    event = EventResults(write_results(tmp_path_factory.mktemp("results")))
    save(overview.draw(event, "ace"), event.folder / "figures" / "overview_ace")
    return event
