#!/usr/bin/env bash
# Runs a command with a PostgreSQL of its own: a new database on a loopback port
# as an unprivileged user, ended and removed afterwards. HARRIER_TEST_POSTGRES
# tells the command its address. Without PostgreSQL the command runs alone.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
if [ -n "${HARRIER_TEST_POSTGRES:-}" ] || [ -z "$bin" ]; then
  [ -n "${HARRIER_TEST_POSTGRES:-}" ] || echo "with-postgres: PostgreSQL is not installed; tests that need it skip"
  exec "$@"
fi

dir=$(mktemp -d /tmp/harrier-pg.XXXXXX)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
as=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$dir"
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
cleanup() {
  "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"
"${as[@]}" "$bin/initdb" -D "$dir/data" -A trust -U harrier >"$dir/log" 2>&1
"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/server.log" \
  -o "${HARRIER_POSTGRES_OPTIONS:-} -c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$dir -c fsync=off -c max_connections=200" start >/dev/null
cd - >/dev/null
export HARRIER_TEST_POSTGRES="postgres://harrier@127.0.0.1:$port/postgres?sslmode=disable"
"$@"
