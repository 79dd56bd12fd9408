"""The benchmarks themselves: what they count must be what happened."""
