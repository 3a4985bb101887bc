"""Resampling statistics for autocorrelated series: bootstrap, surrogates, effective sample size."""
