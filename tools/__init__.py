"""Scripts that run before, or outside, the product: set-up, checks, the test run."""
