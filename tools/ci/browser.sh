#!/usr/bin/env bash
# Browser tests need Chromium and a font with Cyrillic from the system's packages. Installs them where we may; says so where not.
set -eu
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing chromium for the browser tests"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
  echo "no Chromium found: the browser tests will be left out (install the package chromium to run them)"
fi
