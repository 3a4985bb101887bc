"""Alfvénic fluctuations, two-spacecraft correlation and hodograms of interplanetary coronal mass ejections."""

__version__ = "0.1.0"
