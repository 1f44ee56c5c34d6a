# What the acceptance scripts share. Each makes an app in a folder of its own, and ends what it started by process id.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/moontide-acceptance-XXXXXX")
NODE_PID=

moontide() { node "$ROOT/bin/moontide.js" --app "$WORK/app" "$@"; }

say() { printf '%s\n' "== $*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# Starts a node and waits until it is ready.
start_node() {
  # Replaced by node itself, so that its process id is the one that is killed.
  (exec node "$ROOT/bin/moontide.js" --app "$WORK/app" --json run >"$WORK/node.out" 2>>"$WORK/node.err") &
  NODE_PID=$!
  for _ in $(seq 300); do
    grep -q '"ready":true' "$WORK/node.out" && return 0
    kill -0 "$NODE_PID" 2>/dev/null || { cat "$WORK/node.err" >&2; fail 'the node did not start'; }
    sleep 0.1
  done
  fail 'the node was not ready within 30 s'
}

kill_node() {
  kill -9 "$NODE_PID"
  wait "$NODE_PID" 2>/dev/null || true
  NODE_PID=
}

stop_node() {
  [ -n "$NODE_PID" ] || return 0
  kill -TERM "$NODE_PID" 2>/dev/null || true
  wait "$NODE_PID" 2>/dev/null || true
  NODE_PID=
}

# The address of the embedded Temporal.
address() { node -p "JSON.parse(require('fs').readFileSync('$WORK/app/.moontide/temporal.json', 'utf8')).address"; }

# The Temporal CLI on the embedded server.
TEMPORAL_BIN=${MOONTIDE_TEMPORAL_BIN:-$(command -v temporal || find "${XDG_CACHE_HOME:-$HOME/.cache}/moontide/temporal" -name temporal -type f 2>/dev/null | sort | tail -1)}
temporal() { "$TEMPORAL_BIN" "$@" --address "$(address)"; }

# Waits until a command prints what is expected: wait_for SECONDS EXPECTED COMMAND...
wait_for() {
  local deadline=$((SECONDS + $1)) expected=$2 got=
  shift 2
  while [ "$SECONDS" -lt "$deadline" ]; do
    got=$("$@") && [ "$got" = "$expected" ] && return 0
    sleep 1
  done
  fail "expected '$expected', got '$got' from: $*"
}

finish() {
  local status=$?
  stop_node
  # A server whose owner was killed is nobody's: end it by the id in its state file.
  if [ -f "$WORK/app/.moontide/temporal.json" ]; then
    kill "$(node -p "JSON.parse(require('fs').readFileSync('$WORK/app/.moontide/temporal.json', 'utf8')).pid")" 2>/dev/null || true
  fi
  [ "$status" = 0 ] && rm -rf "$WORK" || printf 'its files are in %s\n' "$WORK" >&2
  exit "$status"
}
trap finish EXIT

# Built once; the commands need not look again.
[ "${MOONTIDE_SKIP_BUILD:-}" = 1 ] || node -e "import('$ROOT/scripts/build-if-stale.js').then(({ buildIfStale }) => process.exit(buildIfStale('$ROOT')))"
export MOONTIDE_SKIP_BUILD=1
unset TEMPORAL_ADDRESS TEMPORAL_NAMESPACE TEMPORAL_API_KEY || true
mkdir -p "$WORK/app/src"
