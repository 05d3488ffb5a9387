#!/bin/sh
# Cuts out of the fonts of the tickets what nearly every ticket is written with; see src/kamhub/hub/ticket/typefaces.py.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
fonts="$root/src/kamhub/hub/ticket/fonts"
common=$("$root/.venv/bin/python" -c 'from kamhub.hub.ticket.typefaces import COMMON; print(",".join(f"U+{a:04X}-{b:04X}" for a, b in COMMON))')

for face in DejaVuSans DejaVuSans-Bold; do
    "$root/.venv/bin/python" -m fontTools.subset "$fonts/$face.ttf" --unicodes="$common" --layout-features= --no-hinting \
        --notdef-outline --drop-tables+=FFTM --output-file="$fonts/$face-common.ttf"
done
