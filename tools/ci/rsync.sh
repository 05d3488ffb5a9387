#!/usr/bin/env bash
# The drill of point-in-time recovery needs rsync, by which Barman copies. Installs it where we may; says so where not.
set -eu
command -v rsync >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing rsync for the drill of point-in-time recovery"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends rsync >/dev/null
else
  echo "no rsync found: the drill of point-in-time recovery will be left out (install the package rsync to run it)"
fi
