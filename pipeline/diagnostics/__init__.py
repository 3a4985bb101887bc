"""One module per single-spacecraft result: `compute(ds, intervals, **settings) -> Dataset`."""
