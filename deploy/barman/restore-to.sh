#!/usr/bin/env bash
# Brings the database back as it was at a moment, into an empty folder, starts it there and checks it.
#
#   restore-to.sh [--drill] SERVER MOMENT FOLDER
#
# MOMENT is `latest`, or a time with its zone, such as "2026-11-30 14:05:00+12". The server is left running, and its address
# is said; with --drill it is stopped and removed again. Everything is as in docs/runbooks/restore.md.
#   BARMAN_CONF   configuration of Barman, default its own
#   PG_BIN        folder of the server's programs, default that of Debian
#   PORT          where to start, default 54329; only this machine may connect
#   RUN_AS        account of the server when this is run by root, default postgres
#   CHECK         command that says by its exit code whether the database is well, default none; PORT is in its environment
set -euo pipefail

drill=no
if [ "${1:-}" = --drill ]; then drill=yes; shift; fi
[ $# -eq 3 ] || { sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2; }
server=$1 moment=$2 folder=$3
bin=${PG_BIN:-/usr/lib/postgresql/18/bin}
export PORT=${PORT:-54329}
barman=(barman)
[ -z "${BARMAN_CONF:-}" ] || barman+=(-c "$BARMAN_CONF")
as=()
[ "$(id -u)" != 0 ] || as=(setpriv --reuid="${RUN_AS:-postgres}" --regid="$(id -g "${RUN_AS:-postgres}")" --clear-groups)

say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*"; }
stop() { "${as[@]}" "$bin/pg_ctl" --pgdata="$folder" --mode=fast --silent stop >/dev/null 2>&1 || true; }

if [ -e "$folder" ] && [ -n "$(ls -A "$folder")" ]; then
  echo "$folder is not empty: name a folder that does not exist yet" >&2
  exit 1
fi
began=$SECONDS
target=()
[ "$moment" = latest ] || target=(--target-time "$moment" --target-action promote)
say "restoring the newest base backup that is old enough, with the log after it to its last bytes"
"${barman[@]}" archive-wal "$server" >/dev/null # whole files that came in since the last run of cron
"${barman[@]}" restore --no-get-wal --partial-wal "${target[@]}" "$server" auto "$folder" >"$folder.log" 2>&1 || {
  cat "$folder.log" >&2
  exit 1
}
[ "$(id -u)" != 0 ] || chown -R "${RUN_AS:-postgres}" "$folder"
chmod 700 "$folder"

say "starting the server on port $PORT; it takes connections when the log is replayed"
[ "$drill" = no ] || trap 'stop; rm -rf "$folder" "$folder.log"' EXIT
options="-p $PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c archive_mode=off -c ssl=off"
cd / # the account of the server may not be able to enter the folder this is run from
"${as[@]}" "$bin/pg_ctl" --pgdata="$folder" --wait --timeout=7200 --silent --options="$options" --log="$folder/restore.log" start || {
  tail -n 20 "$folder/restore.log" >&2
  exit 1
}
until "$bin/pg_controldata" "$folder" | grep -q '^Database cluster state: *in production'; do
  "${as[@]}" "$bin/pg_ctl" --pgdata="$folder" --silent status >/dev/null || {
    tail -n 20 "$folder/restore.log" >&2
    exit 1
  }
  sleep 0.2
done
grep -E 'recovery stopping|last completed transaction|redo done' "$folder/restore.log" || true

if [ -n "${CHECK:-}" ]; then
  say "checking it"
  bash -c "$CHECK"
fi
say "done in $((SECONDS - began)) s: 127.0.0.1:$PORT has the database as it was ($moment), in $folder"
