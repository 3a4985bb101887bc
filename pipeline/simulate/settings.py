"""What can be chosen about a virtual event."""

from datetime import datetime
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from pipeline.config import Frozen


PRODUCTS = {"ace": ("AC_H0_MFI", "AC_H0_SWE"), "wind": ("WI_H0_MFI", "WI_PM_3DP", "WI_H1_SWE")}


class Waves(Frozen):
    """Alfvénic fluctuations in the rear of the ejecta. z_plus = v + b, z_minus = v - b."""

    sigma_c: float = Field(-0.85, ge=-1, le=1, description="normalised cross helicity")
    sigma_r: float = Field(-0.1, ge=-1, le=1, description="normalised residual energy")
    db_over_b: float = Field(0.3, ge=0, description="rms of the field fluctuation over the field strength")
    periods_s: tuple[float, float] = Field((600.0, 3600.0), description="shortest and longest period")
    duration_h: float = Field(6.0, ge=0)
    before_end_h: float = Field(1.0, ge=0, description="time between the end of the waves and the end of the ejecta")
    edge_s: float = Field(120.0, ge=0, description="the amplitude rises and falls over this")
    shared: float = Field(0.5, ge=0, le=1, description="share of the amplitude that both spacecraft see alike")
    shift_s: float = Field(0.0, description="the shared waves reach the second spacecraft later than the rope by this")

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
    impact: float = Field(0.15, ge=0, lt=0.95, description="closest approach to the axis over the radius")
    speed_km_s: float = Field(420.0, gt=0)
    expansion_km_s: float = Field(25.0, description="front minus mean speed")
    n_cm3: float = Field(5.0, gt=0)
    temperature_k: float = Field(4e4, gt=0)
    alpha_ratio: float = Field(0.05, ge=0)


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
    """Red noise (f^-5/3), independent in v and b, as rms over the local field (in Alfvén units for v)."""

    wind: float = Field(0.1, ge=0)
    sheath: float = Field(0.25, ge=0)
    ejecta: float = Field(0.02, ge=0)
    longest_period_s: float = Field(7200.0, gt=0)
    shared: float = Field(0.5, ge=0, le=1, description="share of the amplitude that both spacecraft see alike")


class Second(Frozen):
    """The other spacecraft: t2 = ejecta_start + lag + stretch (t1 - ejecta_start)."""

    lag_s: float = Field(2400.0, description="the ejecta starts later there by this")
    stretch: float = Field(1.0, gt=0)
    offset_y_km: float = Field(1.2e6)
    offset_z_km: float = Field(-2e5)
    impact_change: float = Field(0.05, description="added to the rope's impact")
    decorrelation: float = Field(0.0, ge=0, le=1, description="share of the large-scale field replaced by red noise")


class Instruments(Frozen):
    """Noise (one sigma per sample) and gaps."""

    b_noise_nt: float = Field(0.05, ge=0)
    v_noise_km_s: float = Field(1.0, ge=0)
    n_noise: float = Field(0.03, ge=0, description="relative")
    gaps: float = Field(0.01, ge=0, lt=1, description="share of the samples lost one by one")
    long_gaps: int = Field(2, ge=0, description="gaps of long_gap_s per instrument")
    long_gap_s: float = Field(900.0, ge=0)
    flagged: float = Field(0.005, ge=0, lt=1, description="share of the samples flagged, and wrong")


class Settings(Frozen):
    """A virtual event as seen by ACE (the reference) and Wind."""

    event: str = "demo"
    seed: int = Field(20011229, ge=0)
    start: datetime = Field(datetime(2001, 12, 29), description="first moment of the record, UTC")
    sampling_s: float = Field(1.5, gt=0, description="step of the true fields")
    spacecraft: tuple[Literal["ace", "wind"], ...] = ("ace", "wind")
    products: dict[str, tuple[str, ...]] = Field(PRODUCTS, description="written; the first two are observed in memory")
    before_h: float = Field(8.0, gt=0, description="quiet wind before the shock")
    sheath_h: float = Field(5.0, ge=0)
    ejecta_h: float = Field(18.0, gt=0)
    after_h: float = Field(7.0, gt=0)
    rope: Rope = Rope()
    waves: Waves = Waves()
    turbulence: Turbulence = Turbulence()
    surroundings: Surroundings = Surroundings()
    second: Second = Second()
    instruments: Instruments = Instruments()

    @model_validator(mode="after")
    def _fits(self):
        if self.waves.duration_h + self.waves.before_end_h > self.ejecta_h:
            raise ValueError("the waves last longer than the ejecta")
        return self

    @property
    def boundaries_s(self) -> dict[str, float]:
        """Boundaries at the reference spacecraft in s from the start."""
        shock = self.before_h * 3600
        ejecta = shock + self.sheath_h * 3600
        end = ejecta + self.ejecta_h * 3600
        waves_end = end - self.waves.before_end_h * 3600
        return {
            "sheath_start": shock,
            "ejecta_start": ejecta,
            "ejecta_end": end,
            "alfvenic_start": waves_end - self.waves.duration_h * 3600,
            "alfvenic_end": waves_end,
        }

    @property
    def time_s(self) -> np.ndarray:
        """Fine grid (time,) in s from the start, bin centres."""
        hours = self.before_h + self.sheath_h + self.ejecta_h + self.after_h
        return (np.arange(round(hours * 3600 / self.sampling_s)) + 0.5) * self.sampling_s
