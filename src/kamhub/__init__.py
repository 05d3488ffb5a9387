"""Kamchatour Hub: a booking hub where a seat sold is a seat that exists."""

import os

# Matrices here are small: several threads on one of them wait for each other longer than they reckon, many times as long on a
# busy machine. The library reads it when it is loaded, so nothing may be imported before.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
