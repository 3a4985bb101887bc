"""ACE: magnetometer (MAG) and ion plasma (SWEPAM) of the level-2 archive.

Stamps mark the START of each accumulation (CATDESC of Epoch: "Time, beginning of interval").
"""

from datetime import date

from pipeline.product import Flag, Product, Source, table

QUALITY = Flag("Q_FLAG", good=(0,))  # 1: manoeuvre and about 4 h of nutation, 2: bad
POSITION = Source("position", ("SC_pos_GSE",), optional=True)  # AC_H3_MFI has none


def _field(name: str, level: str, accumulation_s: float, note: str = "") -> Product:
    return Product(
        name=name,
        kind="field",
        path=f"ace/mag/level_2_cdaweb/mfi_{level}/%Y/ac_{level}_mfi_%Y%m%d_v??.cdf",
        client=("ace", "mfi", level),
        accumulation_s=accumulation_s,
        centre_s=accumulation_s / 2,
        sources=(Source("b", ("BGSEc",)), POSITION),
        flags=(QUALITY,),
        note=note,
    )


PRODUCTS = table(
    _field("AC_H0_MFI", "h0", 16.0),
    # ASSUME: 1-s stamps mark the start like the averages made of them; the archive does not say. Half a second at most.
    _field("AC_H3_MFI", "h3", 1.0, "stamps taken as the start of each second"),
    _field("AC_H1_MFI", "h1", 240.0),
    Product(
        name="AC_H0_SWE",
        kind="plasma",
        path="ace/swepam/level_2_cdaweb/swe_h0/%Y/ac_h0_swe_%Y%m%d_v??.cdf",
        client=("ace", "swe", "h0"),
        accumulation_s=64.0,
        centre_s=32.0,
        sources=(
            Source("v", ("V_GSE",)),
            Source("n", ("Np",), positive=True),
            Source("temperature", ("Tpr",), positive=True, note="radial component of the proton temperature"),
            Source("alpha_ratio", ("alpha_ratio",), positive=True, optional=True),
            POSITION,
        ),
    ),
)

PREFERENCE = {"field": ("AC_H0_MFI", "AC_H3_MFI", "AC_H1_MFI"), "plasma": ("AC_H0_SWE",)}

# First and last day with field and plasma, for pairs made from catalogues: the field begins on 1997-09-02.
OPERATION = (date(1998, 2, 4), None)
NEAR_EARTH = True
