"""One module per two-spacecraft result: `compute(first, second, intervals, lag_s, **settings) -> Dataset`."""
