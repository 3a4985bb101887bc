"""Alfvénic fluctuations, two-spacecraft correlation and hodograms of interplanetary coronal mass ejections."""

import os
import sys

__version__ = "0.1.0"

# Jobs of one event, whose Snakefile sets this variable, do without these. Where dask is installed, xarray loads all
# of dask.array (with scipy.sparse and scipy.fftpack) the first time it opens a file, only to ask if an array is one of
# dask's: 0.9 of the 1.5 s of CPU of a small job. Where numbagg is installed, xarray compiles a minimum for seconds, and
# sums in another order than elsewhere. None is Python's own way of saying that a module is not to be had; an xarray
# that was imported before this package has looked for them already.
if os.environ.get("PIPELINE_IN_MEMORY") and "xarray" not in sys.modules:
    for _module in ("dask", "numbagg", "flox"):
        sys.modules.setdefault(_module, None)
