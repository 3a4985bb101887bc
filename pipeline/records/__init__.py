"""Records longer than memory likes, months of an 11-Hz field: resampled, windowed and wavelet-transformed in chunks.

    python -m pipeline.records --settings '{"spacecraft": "wind", "start": "2001-01-01", "end": "2001-01-31"}' \\
        --archive ARCHIVE --data data --output results/record            # or: snakemake record

`days` turns each day's CDF files into a piece of the regular grid; a bin at midnight gets the samples of both days.
`scales` computes, chunk by chunk, what one event gets as a whole; each chunk reads as much of its neighbours as the
longest wavelet and window reach, and keeps only its own part. `run` does both with dask, on this machine or on a
dask.distributed cluster that shares its file system.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from pipeline.config import Fetch, Frozen, Load
from pipeline.fluctuations import Alphas, Density


class Settings(Frozen):
    """One spacecraft's record and the scales to look at."""

    spacecraft: str = Field(description="whose record")
    start: datetime = Field(description="first moment (UTC)")
    end: datetime = Field(description="moment after the last (UTC)")
    cadence_s: Literal["auto"] | Annotated[float, Field(gt=0)] = Field(
        "auto", description="bin width; auto: the slowest accumulation among the products used"
    )
    min_coverage: float = Field(0.5, gt=0, le=1, description="a bin, and a window, filled less than this is missing")
    window_s: float = Field(1800.0, gt=0, description="running window of sigma_c and sigma_r")
    shortest_s: float | None = Field(None, gt=0, description="shortest period; default, and at least, four cadences")
    longest_s: float = Field(21600.0, gt=0, description="longest period; its wavelet decides how far chunks overlap")
    voices: int = Field(8, ge=1, le=32, description="periods per octave")
    grid_s: float = Field(300.0, gt=0, description="results are decimated to about this step")
    density: Density = "window_mean"
    density_window_s: float = Field(3600.0, gt=0)
    alphas: Alphas = "measured"
    assumed_alpha_ratio: float = Field(0.04, ge=0, lt=1)
    chunk_days: float = Field(2.0, gt=0, description="length of a chunk of the second stage, without what overlaps")
    fetch: Fetch = Fetch(margin_h=0.0)
    load: Load = Load()
