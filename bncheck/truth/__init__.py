"""What is right: traits, error bounds, our own computation of the law, comparison with it, and the probe of traits."""
