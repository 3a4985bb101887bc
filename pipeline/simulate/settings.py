"""What can be chosen about a virtual event. The defaults are the demo."""

from datetime import datetime
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field, field_validator, model_validator

from pipeline.config import Frozen
from pipeline.simulate import sampling

Share = Annotated[float, Field(ge=0, le=1)]


def _shortest_first(periods):
    if periods[0] >= periods[1]:
        raise ValueError(f"shortest period first, found {periods}")
    return periods


Period = Annotated[float, Field(gt=0)]
Periods = Annotated[tuple[Period, Period], AfterValidator(_shortest_first)]


class Waves(Frozen):
    """Alfvénic fluctuations in the rear of the ejecta. z_plus = v + b, z_minus = v - b; in Alfvén units with alphas."""

    sigma_c: float = Field(-0.85, ge=-1, le=1, description="normalised cross helicity")
    sigma_r: float = Field(-0.1, ge=-1, le=1, description="normalised residual energy")
    db_over_b: float = Field(0.3, ge=0, description="rms of the field fluctuation over the large-scale field strength")
    periods_s: Periods = Field((600.0, 3600.0), description="shortest and longest period")
    duration_h: float = Field(6.0, ge=0)
    before_end_h: float = Field(1.0, ge=0, description="time between the end of the waves and the end of the ejecta")
    edge_s: float = Field(120.0, ge=0, description="the amplitude rises and falls over this")
    perpendicular: bool = Field(True, description="fluctuations across the large-scale field, or in all directions")
    exact: bool = Field(False, description="every draw has just the chosen sigma_c, sigma_r and dB/B, not on average")
    shared: Share = Field(0.5, description="correlation of the waves at the two spacecraft (0 independent, 1 the same)")
    shift_s: float = Field(0.0, description="the shared waves reach the second spacecraft later than the rope by this")
    phase_deg: float = Field(0.0, description="and every period of them lags there by this phase")

    @model_validator(mode="after")
    def _possible(self):
        if self.sigma_c**2 + self.sigma_r**2 > 1 + 1e-12:
            raise ValueError(f"sigma_c {self.sigma_c} and sigma_r {self.sigma_r} lie outside the unit circle")
        return self


class Rope(Frozen):
    """Constant-alpha force-free cylinder (Lundquist 1950) and the plasma in it."""

    b_nt: float = Field(18.0, gt=0, description="field on the axis")
    latitude_deg: float = Field(20.0, ge=-90, le=90, description="of the axis, GSE")
    longitude_deg: float = Field(100.0, description="of the axis, GSE")
    handedness: Literal[-1, 1] = 1
    impact: float = Field(0.15, gt=-0.95, lt=0.95, description="closest approach to the axis over the radius")
    speed_km_s: float = Field(420.0, gt=0)
    expansion_km_s: float = Field(25.0, description="front minus mean speed; the speed falls linearly to the rear")
    n_cm3: float = Field(5.0, gt=0)
    temperature_k: float = Field(4e4, gt=0)
    alpha_ratio: float = Field(0.05, ge=0)

    @property
    def axis(self) -> np.ndarray:
        """Unit vector (component) along the axis, GSE."""
        latitude, longitude = np.radians([self.latitude_deg, self.longitude_deg])
        across = np.cos(latitude)
        return np.array([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)])

    @model_validator(mode="after")
    def _crossed(self):
        if abs(self.axis[0]) > 0.99:
            raise ValueError("the axis lies along the Sun-Earth line: the spacecraft would never leave the rope")
        return self


class Surroundings(Frozen):
    """Quiet wind before the shock and after the ejecta, and the sheath."""

    wind_b_nt: float = Field(5.0, gt=0)
    wind_speed_km_s: float = Field(360.0, gt=0)
    wind_n_cm3: float = Field(6.0, gt=0)
    wind_temperature_k: float = Field(8e4, gt=0)
    sheath_b_nt: float = Field(12.0, gt=0)
    sheath_speed_km_s: float = Field(440.0, gt=0)
    sheath_n_cm3: float = Field(15.0, gt=0)
    sheath_temperature_k: float = Field(2e5, gt=0)
    alpha_ratio: float = Field(0.04, ge=0)


class Turbulence(Frozen):
    """Red noise (f^-5/3), independent in v and b, as rms over the local field (in Alfvén units for v); and in n."""

    wind: float = Field(0.1, ge=0)
    sheath: float = Field(0.25, ge=0)
    ejecta: float = Field(0.02, ge=0)
    density: float = Field(0.05, ge=0, lt=1, description="rms of the density over its mean, everywhere")
    longest_period_s: float = Field(7200.0, gt=0)
    shared: Share = Field(0.5, description="correlation of the turbulence at the two spacecraft")


class Second(Frozen):
    """The other spacecraft: t2 = ejecta_start + lag + stretch (t1 - ejecta_start)."""

    lag_s: float = Field(2400.0, description="the ejecta starts later there by this")
    stretch: float = Field(1.0, gt=0)
    offset_x_km: float | None = Field(None, description="none: as far downstream as the rope moves within the lag")
    offset_y_km: float = 1.2e6
    offset_z_km: float = -2e5
    impact_change: float = Field(0.05, description="added to the rope's impact")
    misfit_nt: float = Field(0.0, ge=0, description="rms per component of a slow field in the ejecta seen there only")
    misfit_periods_s: Periods = Field((3600.0, 43200.0), description="its shortest and longest period")


class Instruments(Frozen):
    """Noise (one sigma per sample), gaps, flags and faults."""

    b_noise_nt: float = Field(0.05, ge=0)
    v_noise_km_s: float = Field(1.0, ge=0)
    n_noise: float = Field(0.03, ge=0, description="relative; of density, temperature and alpha ratio")
    gaps: float = Field(0.01, ge=0, lt=1, description="share of the samples lost one by one")
    density_gaps: float = Field(0.01, ge=0, lt=1, description="share without density and alphas although v is there")
    long_gaps: int = Field(2, ge=0, description="gaps of long_gap_s per product")
    long_gap_s: float = Field(900.0, ge=0)
    search_every_s: float = Field(1860.0, gt=0, description="SWEPAM searches for the beam this often")
    search_s: float = Field(64.0, ge=0, description="and measures nothing for this long")
    flagged: float = Field(0.005, ge=0, lt=1, description="share of the samples flagged, and wrong")
    clock_error_s: float = Field(0.0, description="stamps are too late by this")


def _refuse_unknown(names):
    for name in names:
        if name not in sampling.TABLE:
            raise ValueError(f"unknown product {name!r}, known are {', '.join(sampling.TABLE)}")


class Settings(Frozen):
    """A virtual event as seen by two spacecraft, the first the reference."""

    event: str = "demo"
    seed: int = Field(20011229, ge=0)
    start: datetime = Field(datetime(2001, 12, 29), description="first moment of the record, UTC")
    sampling_s: float = Field(1.5, gt=0, description="step of the true fields")
    spacecraft: tuple[Literal["ace", "wind"], ...] = Field(("ace", "wind"), min_length=1, max_length=2)
    products: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="written per spacecraft, all by default; the first of each kind is what is observed in memory",
    )
    before_h: float = Field(8.0, gt=0, description="quiet wind before the shock")
    sheath_h: float = Field(5.0, ge=0, description="0: no shock, no sheath")
    ejecta_h: float = Field(18.0, gt=0)
    after_h: float = Field(7.0, gt=0)
    rope: Rope = Rope()
    waves: Waves = Waves()
    turbulence: Turbulence = Turbulence()
    surroundings: Surroundings = Surroundings()
    second: Second = Second()
    instruments: Instruments = Instruments()
    instruments_of: dict[str, Instruments] = Field(
        default_factory=dict, description="products that differ from `instruments`, by name"
    )

    @field_validator("products")
    @classmethod
    def _known_products(cls, value):
        for names in value.values():
            _refuse_unknown(names)
        return value

    @field_validator("instruments_of")
    @classmethod
    def _known_instruments(cls, value):
        _refuse_unknown(value)
        return value

    @model_validator(mode="after")
    def _fits(self):
        if self.waves.periods_s[0] < 4 * self.sampling_s:
            raise ValueError(f"waves.periods_s begin below four steps of sampling_s, {4 * self.sampling_s:g} s")
        if len(set(self.spacecraft)) < len(self.spacecraft):
            raise ValueError(f"spacecraft {self.spacecraft[0]} is named twice")
        if self.waves.duration_h + self.waves.before_end_h > self.ejecta_h:
            raise ValueError("the waves last longer than the ejecta")
        if abs(self.rope.impact + self.second.impact_change) >= 1:
            raise ValueError("with second.impact_change the second spacecraft misses the rope")
        for name in self.spacecraft:
            kinds = {sampling.TABLE[p].kind for p in self.products_of(name) if sampling.TABLE[p].spacecraft == name}
            if kinds != {"field", "plasma"}:
                raise ValueError(f"products.{name} needs a field and a plasma product of that spacecraft")
        return self

    def products_of(self, spacecraft: str) -> tuple[str, ...]:
        """Names of the products of one spacecraft that are written."""
        return self.products.get(spacecraft) or sampling.of(spacecraft)

    def instruments_at(self, product: str) -> Instruments:
        """Noise, gaps and faults of one product."""
        return self.instruments_of.get(product, self.instruments)

    @property
    def duration_s(self) -> float:
        """Length of the record (s)."""
        return 3600 * (self.before_h + self.sheath_h + self.ejecta_h + self.after_h)

    @property
    def time_s(self) -> np.ndarray:
        """Fine grid (time,) in s from the start, bin centres."""
        return (np.arange(round(self.duration_s / self.sampling_s)) + 0.5) * self.sampling_s

    @property
    def boundaries_s(self) -> dict[str, float]:
        """Boundaries at the reference spacecraft in s from the start; those of what is not there are left out."""
        shock = self.before_h * 3600
        ejecta = shock + self.sheath_h * 3600
        end = ejecta + self.ejecta_h * 3600
        waves_end = end - self.waves.before_end_h * 3600
        edges = {"sheath_start": shock} if self.sheath_h else {}
        edges |= {"ejecta_start": ejecta, "ejecta_end": end}
        if self.waves.db_over_b and self.waves.duration_h:
            edges |= {"alfvenic_start": waves_end - self.waves.duration_h * 3600, "alfvenic_end": waves_end}
        return edges

    def event_time_s(self, time_s: np.ndarray, is_first: bool) -> np.ndarray:
        """When the reference meets what this spacecraft meets at `time_s` (both s from the start)."""
        if is_first:
            return time_s
        anchor = self.boundaries_s["ejecta_start"]
        return anchor + (time_s - anchor - self.second.lag_s) / self.second.stretch

    def own_time_s(self, event_time_s: float, is_first: bool) -> float:
        """When this spacecraft meets what the reference meets at `event_time_s`: the inverse of event_time_s."""
        if is_first:
            return event_time_s
        anchor = self.boundaries_s["ejecta_start"]
        return anchor + self.second.lag_s + self.second.stretch * (event_time_s - anchor)
