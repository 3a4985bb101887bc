"""The whole of an event from pandas, numpy, scipy, pycwt, matplotlib and plotly alone: the yardstick of `whole_event`.

Written as a heliophysicist would who has these packages and one event: one process, the packages' own routines
(`pycwt.cwt` for every wavelet transform, `pycwt.Morlet.smooth` for coherence), arrays instead of loops where that is
what one writes, results used again instead of made twice. Numbers of draws, surrogates, windows, periods and the
intervals are those of configs/default.yaml.

Left out, because these packages offer nothing like it or one would not think of it: positions and what follows from
them (other lags, separation, predicted delay), the pressure anisotropy, the instruments' response, the coherent part of
shared and unshared variance in intervals of r, gaps' reach period by period, Lehmer codes; files of the series and
scalograms, provenance, captions, cautions, and reading the archive's files: the series come cleaned and gridded.
"""
