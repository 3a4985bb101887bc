"""The virtual event as an archive: CDF files of genuine products, one a day, in the archive's layout."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline import provenance
from pipeline.simulate.event import Realisation
from pipeline.simulate.instruments import measure
from pipeline.simulate.layouts import LAYOUTS, Layout, Variable

if TYPE_CHECKING:
    import xarray as xr


VERSION = "01"


def write_archive(realisation: Realisation, root: str | Path) -> list[Path]:
    """Write a file per product and UTC day of its stamps below `root`, and return their paths.

    The same realisation gives the same bytes.
    """
    paths = []
    for spacecraft in realisation.settings.spacecraft:
        declared = import_module(f"pipeline.missions.{spacecraft}").PRODUCTS
        for name in realisation.settings.products_of(spacecraft):
            measured = measure(realisation, spacecraft, name)
            stamps = measured["time"].values + np.timedelta64(round(measured.attrs["stamp_s"] * 1e9), "ns")
            for day, part in measured.groupby(measured["time"].copy(data=stamps).dt.floor("D")):
                pattern = declared[name].pattern(day.astype("datetime64[D]").item())
                paths.append(Path(root) / pattern.replace("??", VERSION))
                write_cdf(paths[-1], name, LAYOUTS[name], part)
    return paths


def write_cdf(path: Path, product: str, layout: Layout, part: "xr.Dataset") -> None:
    """One file of `product` with the samples of `part`."""
    import cdflib.cdfwrite

    with provenance.whole_file(path) as whole:
        name = whole.with_suffix(".cdf")  # the writer insists on the ending, and on a file that is not there
        try:
            cdf = cdflib.cdfwrite.CDF(str(name), cdf_spec={"Majority": "row_major", "Compressed": False})
            cdf.write_globalattrs(_global_attributes(path, product, layout))
            for variable in layout.variables(part):
                _write_variable(cdf, variable, layout.described)
            cdf.close()
            name.replace(whole)
        finally:
            name.unlink(missing_ok=True)


def _global_attributes(path, product, layout):
    texts = {
        "TITLE": f"Simulated {product}",
        "Project": "none: a virtual event",
        "Source_name": layout.source,
        "Discipline": "Space Physics>Interplanetary Studies",
        "Data_type": layout.data_type,
        "Descriptor": layout.descriptor,
        "Data_version": VERSION,
        "Logical_source": product,
        "Logical_file_id": path.stem,
        "Mission_group": layout.source,
        "TEXT": "SIMULATED, not measured: a virtual event in the layout of the product that the file is named after.",
    }
    return {name: {0: text} for name, text in texts.items()}


def _write_variable(cdf, variable: Variable, described: bool):
    values = np.asarray(variable.values)
    spec = {
        "Variable": variable.name,
        "Data_Type": variable.kind.number,
        "Num_Elements": 1,
        "Rec_Vary": variable.varies,
        "Dim_Sizes": list(values.shape[1:]),
        "Compress": 0,  # compressed records carry the time of writing
    }
    cdf.write_var(spec, var_attrs=variable.attributes() if described else None, var_data=values)
