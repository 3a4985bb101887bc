"""What a data product declares: where its files lie, how the archive client asks for it, what its variables mean.

A mission is one file in `missions/` with PRODUCTS and PREFERENCE; a product is one declaration made of the parts below.
Reading (`cdf.py`), fetching (`archive.py`) and cleaning (`load.py`) know products only through these fields.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import numpy as np

from pipeline import schema
from pipeline.constants import BOLTZMANN, EARTH_RADIUS_KM, KELVIN_PER_EV, PROTON_MASS


def as_is(values: np.ndarray) -> np.ndarray:
    """Values that the file already holds in the package's units."""
    return values


def components(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Vector (time, component) from three scalars (time)."""
    return np.stack([x, y, z], axis=-1)


def earth_radii(*values: np.ndarray) -> np.ndarray:
    """km from Earth radii of 6378 km, the radius that the Wind files state; three scalars become a vector."""
    return EARTH_RADIUS_KM * (components(*values) if len(values) == 3 else values[0])


def electronvolts(energy: np.ndarray) -> np.ndarray:
    """Temperature (K) from k_B T in eV."""
    return KELVIN_PER_EV * energy


def thermal_speed(speed: np.ndarray) -> np.ndarray:
    """Proton temperature (K) = m_p w^2 / (2 k_B) from the most probable thermal speed w (km s-1)."""
    return PROTON_MASS * (1e3 * speed) ** 2 / (2 * BOLTZMANN)


def ratio(alphas: np.ndarray, protons: np.ndarray) -> np.ndarray:
    """n_alpha / n_p; missing unless both densities are above zero: no alphas measured is not no alphas."""
    measured = (alphas > 0) & (protons > 0)
    return np.divide(alphas, protons, out=np.full(protons.shape, np.nan), where=measured)


# Units that a conversion takes; any other takes the variable's own.
TAKES = {earth_radii: "Re", electronvolts: "eV", thermal_speed: "km s-1", ratio: "cm-3"}


@dataclass(frozen=True)
class Layout:
    """What a CDF variable must be: its clock, the shape of a record, the kinds of its numbers (numpy), its units."""

    clock: str
    shape: tuple[int, ...] = ()
    kinds: str = "f"
    units: str = ""


@dataclass(frozen=True)
class Source:
    """One canonical variable: the CDF variables it is made of, the conversion to fixed units, the clock it is on.

    `clock` names the CDF epoch variable (blank: the product's own). `positive`: values at or below zero are no
    measurement. `optional`: a file without it is still a file of the product. `note` goes into the attributes.
    """

    name: str
    variables: tuple[str, ...]
    convert: Callable[..., np.ndarray] = as_is
    clock: str = ""
    positive: bool = False
    optional: bool = False
    note: str = ""

    def layout(self, clock: str) -> Layout:
        """Of each of its variables: a vector in one variable, or scalars."""
        variable = {**schema.RAW, **schema.RAW_OPTIONAL}[self.name]
        is_vector = "component" in variable.dims and len(self.variables) == 1
        return Layout(self.clock or clock, (3,) if is_vector else (), "f", TAKES.get(self.convert, variable.units))


@dataclass(frozen=True)
class Flag:
    """A quality variable and its values that mean useless data. `applies` blank: to everything but the position.

    A flag on a slower clock (`clock`, centred, `accumulation_s` long) holds for every sample inside its interval.
    Give either the values that are `bad` or, where anything else may occur, the values that are `good`.
    """

    variable: str
    bad: tuple[int, ...] = ()
    good: tuple[int, ...] = ()
    applies: tuple[str, ...] = ()
    clock: str = ""
    accumulation_s: float = 0.0


@dataclass(frozen=True)
class Product:
    """One CDAWeb dataset.

    `path`: file names relative to the archive root in strftime form, `?` for the version digits.
    `client`: pyspedas project, loader and datatype. `centre_s` is added to a stamp to reach the centre of its
    accumulation of `accumulation_s`. `missing_from`: magnitudes from here on are a fill value, beside -1e31 and NaN.
    """

    name: str
    kind: Literal["field", "plasma"]
    path: str
    client: tuple[str, str, str]
    accumulation_s: float
    centre_s: float
    sources: tuple[Source, ...]
    flags: tuple[Flag, ...] = ()
    clock: str = "Epoch"
    frame: Literal["GSE", "RTN"] = "GSE"
    missing_from: float = np.inf
    note: str = ""

    def pattern(self, day: date) -> str:
        """Path of the day's file relative to the archive root, with `?` for the version digits."""
        return day.strftime(self.path)

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """CDF variables that the product can use, without repetition: clocks, data, flags."""
        return self._variables(self.sources)

    @cached_property
    def layouts(self) -> dict[str, Layout]:
        """What each variable must be, clocks first."""
        flags = {flag.variable: Layout(flag.clock or self.clock, kinds="iu") for flag in self.flags}
        sources = {name: source.layout(self.clock) for source in self.sources for name in source.variables}
        clocks = {layout.clock for layout in (*flags.values(), *sources.values())} | {self.clock}
        return {clock: Layout(clock, kinds="M") for clock in clocks} | flags | sources

    @cached_property
    def required(self) -> tuple[str, ...]:
        """CDF variables that a file must have."""
        return self._variables(source for source in self.sources if not source.optional)

    def _variables(self, sources) -> tuple[str, ...]:
        names = [self.clock]
        for source in sources:
            names += [source.clock or self.clock, *source.variables]
        for flag in self.flags:
            names += [flag.clock or self.clock, flag.variable]
        return tuple(dict.fromkeys(names))


def table(*products: Product) -> MappingProxyType:
    """Products by name, read-only."""
    return MappingProxyType({product.name: product for product in products})
