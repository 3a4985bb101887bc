"""A Dataset with a variable missing, unknown, or of other dimensions or units is refused by name at the door."""

import numpy as np
import pytest
import xarray as xr

from pipeline import schema


def uniform() -> xr.Dataset:
    sizes = {"time": 4, "component": 3}
    frame = {"frame": "GSE"}
    data = {
        name: (
            v.dims,
            np.ones([sizes[d] for d in v.dims]),
            {"units": v.units} | (frame if "component" in v.dims else {}),
        )
        for name, v in schema.UNIFORM.items()
    }
    return xr.Dataset(data)


def test_what_follows_the_schema_passes():
    schema.check(uniform(), "uniform")
    schema.check(uniform().assign(coverage_more=("time", np.ones(4))), "uniform")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda ds: ds.drop_vars("n"), "e, ace: n is missing from the uniform data, found .*b_mag"),
        (lambda ds: ds.assign(pressure=("time", np.ones(4))), "e, ace: pressure is not a variable of uniform data"),
        (lambda ds: ds.assign(n=ds["b"].assign_attrs(units="cm-3")), r"n has dimensions \('time', 'component'\)"),
        (lambda ds: ds.assign(v=ds["v"].assign_attrs(units="m s-1")), "v has units 'm s-1', expected 'km s-1'"),
        (lambda ds: ds.assign(b=ds["b"].drop_attrs().assign_attrs(units="nT")), "b is a vector without a frame"),
    ],
)
def test_what_does_not_is_refused_by_name(change, says):
    with pytest.raises(schema.SchemaError, match=says):
        schema.check(change(uniform()), "uniform", "e, ace")


def test_attributes_are_those_of_known_names():
    assert schema.attributes("v_error")["UNITS"] == "km s-1"
    with pytest.raises(schema.SchemaError, match="pressure is not in the schema"):
        schema.attributes("pressure")
