"""Every figure the README claims, measured again: `python -m benchmarks.NAME`."""
