"""A virtual ICME with known truth: shock, sheath, force-free rope, Alfvénic interval in its rear, two spacecraft.

realisation = realise(Settings(seed=1))        # the true fields along each spacecraft's path
raw = observe(realisation, "wind")             # what its instruments see, as data that the pipeline takes
write_archive(realisation, "archive")          # the same as CDF files in the archive's layout and products
"""

from pipeline.simulate.archive import write_archive
from pipeline.simulate.event import Realisation, event_rows, realise, write_truth
from pipeline.simulate.instruments import observe
from pipeline.simulate.settings import Settings

__all__ = ["Realisation", "Settings", "event_rows", "observe", "realise", "write_archive", "write_truth"]
