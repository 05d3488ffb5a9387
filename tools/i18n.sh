#!/bin/sh
# Gathers the messages of code and templates into the Russian catalogue and compiles it.
#   tools/i18n.sh           extract, update, compile; then translate what is new in messages.po and run it again
#   tools/i18n.sh compile   compile only
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
catalogues=src/kamhub/platform/i18n/locales
babel=.venv/bin/pybabel

if [ "${1:-all}" != compile ]; then
    template=$(mktemp)
    trap 'rm -f "$template"' EXIT
    $babel --quiet extract --mapping=tools/babel.cfg --keyword=mark --keyword=pgettext:1c,2 --no-location \
        --sort-output --omit-header --add-comments=translators: --output="$template" src/kamhub
    $babel --quiet update --input-file="$template" --output-dir="$catalogues" --locale=ru --no-fuzzy-matching \
        --ignore-obsolete --width=118
    # Dates and placeholders of the header would change with every run and say nothing. Without any date of creation the
    # compiler puts in its own hour, so one stays, always the same.
    sed -i -E -e '/^"(Report-Msgid|PO-Revision|Last-Trans|Language-Team|Generated-By)/d' \
        -e 's/^"POT-Creation-Date: .*/"POT-Creation-Date: 2026-01-01 00:00+0000\\n"/' \
        "$catalogues/ru/LC_MESSAGES/messages.po"
fi
$babel --quiet compile --directory="$catalogues" --locale=ru --statistics
