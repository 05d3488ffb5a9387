#!/bin/sh
# The password comes by standard input: on the command line everybody on the machine could read it.
set -eu
printf 'requirepass %s\n' "$VALKEY_PASSWORD" |
  exec valkey-server - --save "" --appendonly no --maxmemory 256mb --maxmemory-policy volatile-ttl --dir /data
