#!/bin/sh
# Restarts replicas behind nginx one after another, each out of the way while it does: deploy/roll.sh 3001 3002 3003
#
# The next one is touched only when the one before is ready again; otherwise it stops and says so, and the replica that is
# not ready stays out of the way of requests. RESTART and DRAIN_DIR may be set for other ways of running replicas.
set -eu

RESTART=${RESTART:-systemctl restart seed-scheduler@}
DRAIN_DIR=${DRAIN_DIR:-/run/seed-scheduler}
PATIENCE_S=${PATIENCE_S:-300}

status_of() {
  curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' "http://127.0.0.1:$1/health/ready" || true
}

wait_ready() {
  waited=0
  until [ "$(status_of "$1")" = 200 ]; do
    waited=$((waited + 1))
    [ "$waited" -lt "$PATIENCE_S" ] || { echo "$1 is not ready after $PATIENCE_S s, and stays out of the way." >&2; exit 1; }
    sleep 1
  done
}

[ $# -gt 0 ] || { echo "usage: $0 <port>..." >&2; exit 2; }
# A single replica out of the way at a time, and none while another one is down.
for port in "$@"; do
  [ "$(status_of "$port")" = 200 ] || { echo "$port is not ready: nothing was done." >&2; exit 1; }
done

mkdir -p "$DRAIN_DIR"
for port in "$@"; do
  started=$(date +%s)
  touch "$DRAIN_DIR/drain-$port"
  # Waits for the old process: it answers on for SHUTDOWN_DELAY, then finishes what it has begun.
  $RESTART"$port"
  wait_ready "$port"
  rm "$DRAIN_DIR/drain-$port"
  echo "$port restarted and ready after $(($(date +%s) - started)) s"
done
