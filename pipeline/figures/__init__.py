"""One module per figure: `draw(results, which) -> Figure`, from result files alone."""
