"""A virtual ICME with known truth: shock, sheath, force-free rope, Alfvénic interval in its rear, two spacecraft.

realisation = realise(Settings(seed=1))        # the true fields along each spacecraft's path, and their truth
raw = observe(realisation, "wind")             # what its instruments see, as data that the pipeline takes
write_archive(realisation, "archive")          # the same as CDF files in the archive's layout and products
"""

from pipeline.simulate.archive import write_archive
from pipeline.simulate.event import Realisation, realise, uniform
from pipeline.simulate.instruments import measure, observe
from pipeline.simulate.settings import (
    Instruments,
    Rope,
    Second,
    Settings,
    Surroundings,
    Turbulence,
    Waves,
)
from pipeline.simulate.truth import event_rows, write_truth

__all__ = [
    "Instruments",
    "Realisation",
    "Rope",
    "Second",
    "Settings",
    "Surroundings",
    "Turbulence",
    "Waves",
    "event_rows",
    "measure",
    "observe",
    "realise",
    "uniform",
    "write_archive",
    "write_truth",
]
