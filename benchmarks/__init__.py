"""Every figure the README claims, measured again: `python -m benchmarks.NAME`."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line has it, and for the same reason
