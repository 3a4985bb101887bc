"""Physical constants and derived factors in the package's units (nT, km s-1, cm-3, K, km, s).

SI values are CODATA 2018/2022; the Earth radius is the one that the Wind products use (6378 km).
"""

import math

MU_0 = 1.25663706127e-6  # N A-2
PROTON_MASS = 1.67262192595e-27  # kg
BOLTZMANN = 1.380649e-23  # J K-1
ELEMENTARY_CHARGE = 1.602176634e-19  # C

AU_KM = 149_597_870.7
EARTH_RADIUS_KM = 6378.0

ALPHA_MASS = 4.0  # alpha particle mass in proton masses, to the accuracy of a measured density ratio
KELVIN_PER_EV = ELEMENTARY_CHARGE / BOLTZMANN

# v_A [km s-1] = ALFVEN_FACTOR * B [nT] / sqrt(n [cm-3]);  1e-9 T, 1e6 m-3, 1e-3 km per m
ALFVEN_FACTOR = 1e-9 / math.sqrt(MU_0 * PROTON_MASS * 1e6) * 1e-3

# beta = BETA_FACTOR * n [cm-3] * T [K] / B^2 [nT^2]
BETA_FACTOR = 1e6 * BOLTZMANN * 2 * MU_0 / 1e-18

SOLAR_ROTATION_RATE = 2 * math.pi / (25.38 * 86400)  # rad s-1, Carrington's sidereal period
