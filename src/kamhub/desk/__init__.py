"""The AI desk: what an organisation's agents know. The hub works without it."""

import os

# Read when numpy is first loaded, which nothing below the desk does. Vectors here are short and processes are many: threads of one
# product of matrices would only stand in each other's way.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
