"""Alfvénic fluctuations, two-spacecraft correlation and hodograms of interplanetary coronal mass ejections."""

import os
import sys

__version__ = "0.1.0"

# Where dask is installed, xarray loads the whole of dask.array (with scipy.sparse and scipy.fftpack) the first time it
# opens a file, only to ask whether an array is one of dask's: 0.9 of the 1.5 s of CPU of a small job. The Snakefile
# sets this variable, as one event fits in memory; None is Python's own way of saying that a module is not to be had.
if os.environ.get("PIPELINE_WITHOUT_DASK"):
    sys.modules.setdefault("dask", None)
