#!/bin/sh
# Builds src/kamhub/app/static from pinned packages and tools/assets/app.css; see README.md beside this file.
#   tools/assets/build.sh            the style sheet only (after a change of a template or of app.css)
#   tools/assets/build.sh --vendor   vendored files too (after a change of a version in package.json)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
static="$root/src/kamhub/app/static"
modules="$here/node_modules"

version() { sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' "$modules/$1/package.json" | head -n 1; }

# vendor PACKAGE NAME LICENCE: an empty folder vendor/NAME-VERSION with the licence in it; prints its path.
vendor() {
    target="$static/vendor/$2-$(version "$1")"
    rm -rf "$static/vendor/$2-"*
    mkdir -p "$target"
    cp "$modules/$1/$3" "$target/LICENSE"
    echo "$target"
}

# The rouble sign lives in the "latin-ext" file of 28 kB; one glyph of it is enough.
vendor_font() {
    files="$modules/@fontsource-variable/onest/files"
    target=$(vendor @fontsource-variable/onest onest LICENSE)
    for subset in cyrillic latin; do
        cp "$files/onest-$subset-wght-normal.woff2" "$target/onest-$subset.woff2"
    done
    uvx --quiet --from fonttools --with brotli pyftsubset "$files/onest-latin-ext-wght-normal.woff2" \
        --unicodes=U+20BD --flavor=woff2 --output-file="$target/onest-rouble.woff2"
}

# The library comes as modules only. Left out: frames and shadow trees, which our pages have not, and the worker, which
# they do not allow.
vendor_sentry() {
    target=$(vendor @sentry/browser sentry LICENSE)
    "$modules/.bin/esbuild" "$here/sentry.js" --bundle --minify --format=iife --global-name=Sentry --target=es2020 \
        --define:__SENTRY_DEBUG__=false --define:__RRWEB_EXCLUDE_IFRAME__=true --define:__RRWEB_EXCLUDE_SHADOW_DOM__=true \
        --define:__SENTRY_EXCLUDE_REPLAY_WORKER__=true --log-level=warning --outfile="$target/sentry.min.js"
}

vendor_all() {
    target=$(vendor htmx.org htmx LICENSE)
    cp "$modules/htmx.org/dist/htmx.min.js" "$target/"
    target=$(vendor jsqr jsqr LICENSE)
    cp "$modules/jsqr/dist/jsQR.js" "$target/"
    vendor_sentry
    vendor_font
    vendor basecoat-css basecoat LICENSE.md >/dev/null
    fonts="$root/src/kamhub/hub/ticket/fonts"
    mkdir -p "$fonts"
    cp "$modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf" "$modules/dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf" "$fonts/"
    cp "$modules/dejavu-fonts-ttf/LICENSE" "$fonts/LICENSE"
}

[ -d "$modules" ] || (cd "$here" && npm install --ignore-scripts --no-audit --no-fund)
[ "${1:-}" != --vendor ] || vendor_all
"$root/.venv/bin/tailwindcss" --input "$here/app.css" --output "$static/app.css" --minify
