"""Wind: magnetometer (MFI), Faraday cups (SWE) and electrostatic analysers (3DP)."""

from datetime import date

from pipeline.product import Flag, Product, Source, components, earth_radii, electronvolts, ratio, table, thermal_speed

# Spacecraft modes 3 and 4 give no useful field; the mode is told once a minute.
MODE = Flag("SPC_MODE", bad=(3, 4), clock="Epoch", accumulation_s=60.0)

# ASSUME: 3DP stamps are centres. PLSP's are: its Epoch lies half a spin (1.53 s) after MOM.P.TIME, the start of the
# spin that is measured. PM does not say; half a spin is the most it can be off.

# ASSUME: SWE fits flagged 0 (no bi-Maxwellian fit) are not used, those flagged 1 (poor peak identification) for the
# velocity alone. On 2003-11-20 flag 1 marks most spectra; their velocities lie as close to the moments as those flagged
# 10, their densities about 9 % lower. What is not used is counted as removed.
VELOCITY = ("v", "v_error")
SHAPE = ("n", "temperature", "temperature_parallel", "temperature_perpendicular", "alpha_ratio")
FIT_VELOCITY = Flag("fit_flag", good=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), applies=VELOCITY)
FIT_SHAPE = Flag("fit_flag", good=(2, 3, 4, 5, 6, 7, 8, 9, 10), applies=SHAPE)
# 2: alpha speed unusually low, 6: maybe a second proton peak, 7: alphas beyond the energy range.
FIT_ALPHA = Flag("fit_flag", good=(3, 4, 5, 8, 9, 10), applies=("alpha_ratio",))


def _mfi(name: str, level: str, **fields) -> Product:
    return Product(
        name=name,
        kind="field",
        path=f"wind/mfi/mfi_{level}/%Y/wi_{level}_mfi_%Y%m%d_v??.cdf",
        client=("wind", "mfi", level),
        centre_s=0.0,
        **fields,
    )


def _threedp(name: str, datatype: str, **fields) -> Product:
    return Product(
        name=name,
        kind="plasma",
        path=f"wind/3dp/3dp_{datatype}/%Y/wi_{datatype}_3dp_%Y%m%d_v??.cdf",
        client=("wind", "threedp", f"3dp_{datatype}"),
        centre_s=0.0,
        **fields,
    )


PRODUCTS = table(
    _mfi(
        "WI_H0_MFI",
        "h0",
        accumulation_s=3.0,
        clock="Epoch3",
        sources=(Source("b", ("B3GSE",)), Source("position", ("PGSE",), earth_radii, clock="Epoch", optional=True)),
        flags=(MODE,),
    ),
    _mfi("WI_H2_MFI", "h2", accumulation_s=0.092, sources=(Source("b", ("BGSE",)),)),
    _mfi(
        "WI_H3-RTN_MFI",
        "h3-rtn",
        accumulation_s=3.0,
        clock="Epoch3",
        frame="RTN",
        sources=(Source("b", ("B3RTN",)),),
        flags=(MODE,),
    ),
    _threedp(
        "WI_PM_3DP",
        "pm",
        accumulation_s=3.0,
        sources=(
            Source("v", ("P_VELS",)),
            Source("n", ("P_DENS",), positive=True),
            Source("temperature", ("P_TEMP",), electronvolts, positive=True),
            Source("alpha_ratio", ("A_DENS", "P_DENS"), ratio, optional=True),
        ),
        flags=(Flag("VALID", good=(1,)),),
    ),
    Product(
        name="WI_H1_SWE",
        kind="plasma",
        path="wind/swe/swe_h1/%Y/wi_h1_swe_%Y%m%d_v??.cdf",
        client=("wind", "swe", "h1"),
        accumulation_s=92.0,
        # Stamps mark the start (CATDESC of Epoch), although the archive's catalogue calls them centred: the field that
        # the files give as mean over each spectrum is MFI's mean over the 86 s centred 46.5 s after the stamp.
        centre_s=46.0,
        missing_from=9.99e4,
        sources=(
            Source("v", ("Proton_VX_nonlin", "Proton_VY_nonlin", "Proton_VZ_nonlin"), components),
            Source("n", ("Proton_Np_nonlin",), positive=True),
            Source("temperature", ("Proton_W_nonlin",), thermal_speed, positive=True),
            Source("temperature_parallel", ("Proton_Wpar_nonlin",), thermal_speed, positive=True, optional=True),
            Source("temperature_perpendicular", ("Proton_Wperp_nonlin",), thermal_speed, positive=True, optional=True),
            Source(
                "v_error",
                ("Proton_sigmaVX_nonlin", "Proton_sigmaVY_nonlin", "Proton_sigmaVZ_nonlin"),
                components,
                optional=True,
            ),
            Source("alpha_ratio", ("Alpha_Na_nonlin", "Proton_Np_nonlin"), ratio, optional=True),
            Source("position", ("xgse", "ygse", "zgse"), earth_radii, optional=True),
        ),
        flags=(FIT_VELOCITY, FIT_SHAPE, FIT_ALPHA),
    ),
    _threedp(
        "WI_PLSP_3DP",
        "plsp",
        accumulation_s=24.0,
        sources=(
            Source("v", ("MOM.P.VELOCITY",)),
            Source("n", ("MOM.P.DENSITY",), positive=True),
            Source("temperature", ("MOM.P.AVGTEMP",), electronvolts, positive=True),
            Source("alpha_ratio", ("MOM.A.DENSITY", "MOM.P.DENSITY"), ratio, optional=True),
        ),
        flags=(Flag("MOM.P.VALID", good=(1,)), Flag("MOM.A.VALID", good=(1,), applies=("alpha_ratio",))),
    ),
)

PREFERENCE = {
    "field": ("WI_H0_MFI", "WI_H2_MFI", "WI_H3-RTN_MFI"),
    "plasma": ("WI_PM_3DP", "WI_H1_SWE", "WI_PLSP_3DP"),
}

# First and last day with field and plasma, for pairs made from catalogues: two weeks after launch.
OPERATION = (date(1994, 11, 15), None)
NEAR_EARTH = True
