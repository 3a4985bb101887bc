"""Small CDF files for tests: the layout of a product with made-up values, for what no genuine file is at hand."""

from datetime import datetime
from pathlib import Path

import numpy as np

MS_TO_1970 = 62_167_219_200_000
TYPES = {"f": {4: 44, 8: 45}, "i": {4: 4, 8: 8, 2: 2, 1: 1}}


def epochs(start: str, count: int, step_s: float) -> np.ndarray:
    """CDF_EPOCH values (ms from year 0), `step_s` apart from `start` (UTC) on."""
    first = (datetime.fromisoformat(start) - datetime(1970, 1, 1)).total_seconds()
    return (first + np.arange(count) * step_s) * 1e3 + MS_TO_1970


def write_cdf(
    path: Path,
    variables: dict[str, np.ndarray],
    epoch_type: int = 31,
    *,
    units: dict[str, str] | None = None,
    compress: int = 0,
    compress_file: int = 0,
    checksum: bool = False,
) -> Path:
    """Write `variables` (records first) to `path`; names that begin with Epoch get `epoch_type` (31: CDF_EPOCH).

    `units`: attribute UNITS by variable. `compress`: gzip level of each variable, `compress_file` of the whole file.
    """
    from cdflib.cdfwrite import CDF

    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"Majority": "row_major", "Compressed": compress_file, "Checksum": checksum}
    cdf = CDF(str(path), cdf_spec=whole, delete=True)
    for name, values in variables.items():
        values = np.asarray(values)
        kind = epoch_type if name.startswith("Epoch") else TYPES[values.dtype.kind][values.dtype.itemsize]
        spec = {"Variable": name, "Data_Type": kind, "Num_Elements": 1, "Rec_Vary": True, "Compress": compress}
        attributes = {"UNITS": units[name]} if units and name in units else None
        cdf.write_var(spec | {"Dim_Sizes": list(values.shape[1:])}, var_attrs=attributes, var_data=values)
    cdf.close()
    return path
