"""Formulas on plain arrays: no files, no settings, no labels."""
