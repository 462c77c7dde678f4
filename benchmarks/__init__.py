"""Benchmarks, side by side against what a user would write instead: ``python -m benchmarks``."""
