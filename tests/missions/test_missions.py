"""Every mission file keeps the folder's contract; paths are the archive client's own; stamps mean what is declared."""

import importlib
import inspect
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from pipeline import cdf, schema
from pipeline.product import Product

FOLDER = Path(__file__).resolve().parents[2] / "pipeline" / "missions"
NAMES = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))
PRODUCTS = [
    pytest.param(product, id=product.name)
    for name in NAMES
    for product in importlib.import_module(f"pipeline.missions.{name}").PRODUCTS.values()
]
DAY = date(2003, 11, 20)


@pytest.mark.parametrize("name", NAMES)
def test_mission_declares_products_and_their_order(name):
    mission = importlib.import_module(f"pipeline.missions.{name}")
    assert mission.__doc__
    assert all(key == product.name for key, product in mission.PRODUCTS.items())
    assert set(mission.PREFERENCE) == {"field", "plasma"}
    for kind, order in mission.PREFERENCE.items():
        assert order
        assert sorted(order) == sorted(p.name for p in mission.PRODUCTS.values() if p.kind == kind)


@pytest.mark.parametrize("product", PRODUCTS)
def test_product_declaration_is_complete(product: Product):
    needed = {"field": {"b"}, "plasma": {"v", "n", "temperature"}}[product.kind]
    names = [source.name for source in product.sources]
    assert needed <= {source.name for source in product.sources if not source.optional}
    assert len(names) == len(set(names))
    assert set(names) <= {*schema.RAW, *schema.RAW_OPTIONAL}
    assert 0 <= product.centre_s <= product.accumulation_s
    assert product.path.endswith("_v??.cdf")
    assert len({product.pattern(date(2003, 1, day)) for day in range(1, 32)}) == 31
    for flag in product.flags:
        assert bool(flag.bad) != bool(flag.good)
        assert set(flag.applies) <= set(names)
    for source in product.sources:
        arguments = inspect.signature(source.convert).parameters.values()
        variadic = any(a.kind is a.VAR_POSITIONAL for a in arguments)
        assert variadic or len(arguments) == len(source.variables)


@pytest.mark.parametrize("product", PRODUCTS)
def test_path_is_what_the_client_asks_for(product: Product, monkeypatch):
    """pyspedas' own pattern for the declared loader and datatype, below the mission's folder of the archive."""
    project, loader, datatype = product.client
    module = importlib.import_module(f"pyspedas.projects.{project}.load")
    asked = []
    monkeypatch.setattr(module, "download", lambda **request: asked.append(request) or [])
    load = getattr(importlib.import_module(f"pyspedas.projects.{project}"), loader)
    options = {"addmaster": False} if "addmaster" in inspect.signature(load).parameters else {}
    load(trange=["2003-11-20", "2003-11-21"], datatype=datatype, downloadonly=True, **options)
    folder, _, relative = product.pattern(DAY).partition("/")
    assert [request["remote_file"] for request in asked] == [[relative]]
    assert asked[0]["remote_path"].endswith(f"/pub/data/{folder}/")


def genuine(shared, pattern):
    return next((shared / "archive").rglob(pattern))


def test_swe_stamps_mark_the_start_of_the_spectrum(shared):
    """The field that the SWE file averaged over each spectrum is MFI's mean over the declared accumulation.

    Slid against MFI's 3-s field, the best window is centred within 3 s (one MFI sample) of the declared centre, and
    centred stamps, as the archive's catalogue has it, would miss by 0.3 nT where the right window fits to 0.1 nT.
    """
    from pipeline.missions.wind import PRODUCTS

    swe, mfi = PRODUCTS["WI_H1_SWE"], PRODUCTS["WI_H0_MFI"]
    spectra = cdf.read(genuine(shared, "wi_h1_swe_20031120*"), ("Epoch", "BX", "BY", "BZ"))
    field = cdf.read(genuine(shared, "wi_h0_mfi_20031120*"), ("Epoch3", "B3GSE"))
    valid = ~cdf.missing(field["B3GSE"].astype(float)).any(axis=1)
    start = field["Epoch3"][0] - np.timedelta64(1500, "ms")
    at = (spectra["Epoch"] - start) / np.timedelta64(1, "s")
    edges = np.arange(len(valid) + 1) * mfi.accumulation_s
    sums = np.vstack([np.zeros(4), np.cumsum(np.where(valid[:, None], np.c_[field["B3GSE"], valid], 0.0), axis=0)])
    own = np.stack([spectra[name] for name in ("BX", "BY", "BZ")], axis=1)

    def misfit(centre_s, width_s):
        lower, upper = at + centre_s - width_s / 2, at + centre_s + width_s / 2
        inside = (lower >= 0) & (upper <= edges[-1])
        integral = np.stack(
            [np.interp(upper, edges, column) - np.interp(lower, edges, column) for column in sums.T], axis=1
        )
        full = inside & (np.abs(integral[:, 3] - width_s / mfi.accumulation_s) < 1e-6)
        mean = integral[full, :3] / integral[full, 3:]
        return np.sqrt(np.mean((mean - own[full]) ** 2))

    centres = np.arange(-60.0, 90.0, 1.5)
    best = centres[np.argmin([misfit(centre, swe.accumulation_s) for centre in centres])]
    assert abs(best - swe.centre_s) <= 3.0
    assert misfit(swe.centre_s, swe.accumulation_s) < 0.1
    assert misfit(0.0, swe.accumulation_s) > 0.3


def test_plsp_stamps_are_the_middle_of_the_spin(shared):
    """Epoch lies half a spin (3.06 s) after MOM.P.TIME, where the measured spin begins."""
    found = cdf.read(genuine(shared, "wi_plsp_3dp*"), ("Epoch", "MOM.P.TIME"))
    late = found["Epoch"].astype("int64") / 1e9 - found["MOM.P.TIME"]
    assert late == pytest.approx(np.full(len(late), 3.056 / 2), abs=1e-3)


def test_stamps_are_described_as_declared(shared):
    """CATDESC of the clock, where the file has one."""
    import cdflib

    from pipeline.missions import ace, wind

    def words(pattern, variable):
        return cdflib.CDF(genuine(shared, pattern)).varattsget(variable)["CATDESC"].lower()

    assert "beginning" in words("ac_h0_mfi*", "Epoch")
    assert ace.PRODUCTS["AC_H0_MFI"].centre_s == 8.0
    assert ace.PRODUCTS["AC_H0_SWE"].centre_s == 32.0
    assert "centered" in words("wi_h0_mfi_2003*", "Epoch3")
    assert "centered" in words("wi_h3-rtn*", "Epoch3")
    assert wind.PRODUCTS["WI_H0_MFI"].centre_s == wind.PRODUCTS["WI_H3-RTN_MFI"].centre_s == 0.0
    assert "beginning" in words("wi_h1_swe*", "Epoch")
