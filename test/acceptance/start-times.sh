#!/usr/bin/env bash
# How long a newcomer waits: a fresh clone prints a finished order within 60 s of `npm ci`, the next start within 5 s, and a node
# of an app that only prints is ready within 3 s, warm. On a machine that does nothing else.
source "$(dirname "$0")/common.sh"

now() { date +%s%3N; }
CLONE=$WORK/clone
START_PID=
leave() {
  local status=$?
  set +e
  [ -z "$START_PID" ] || { kill -INT "$START_PID"; wait "$START_PID"; }
  (exit "$status")
  finish
}
trap leave EXIT

# Runs a command until its output has a line, then stops it: milliseconds_until PATTERN LIMIT_MS COMMAND...
milliseconds_until() {
  local pattern=$1 limit=$2 began
  shift 2
  : >"$WORK/out" # nothing of the command before
  began=$(now)
  (exec "$@" >"$WORK/out" 2>&1) &
  START_PID=$!
  until grep -q "$pattern" "$WORK/out"; do
    kill -0 "$START_PID" 2>/dev/null || { cat "$WORK/out" >&2; fail "it ended: $*"; }
    [ $(($(now) - began)) -lt $((limit * 10)) ] || fail "not within $((limit * 10)) ms: $*"
    sleep 0.05
  done
  TOOK=$(($(now) - began))
  kill -INT "$START_PID"
  wait "$START_PID" || true
  START_PID=
}
within() { [ "$TOOK" -lt "$2" ] || fail "$1 took $TOOK ms, more than $2"; say "$1: $TOOK ms (at most $2)"; }

git clone -q "$ROOT" "$CLONE"
(cd "$CLONE" && npm ci >"$WORK/npm.out" 2>&1) || { cat "$WORK/npm.out" >&2; fail 'npm ci'; }
cd "$CLONE"
unset MOONTIDE_SKIP_BUILD
milliseconds_until '"status": "shipped"' 60000 node scripts/start.js
within 'first start after npm ci, to a finished order' 60000
milliseconds_until '"status": "shipped"' 5000 node scripts/start.js
within 'next start, to a finished order' 5000

printf 'name: prints\n' >"$WORK/app/moontide.yaml"
cat >"$WORK/app/src/_index.yaml" <<'YAML'
version: '1.0'
namespace: app
entries:
  - { name: hello, kind: function.lua, source: "return function() print('hello') end" }
YAML
milliseconds_until '^ready' 3000 node bin/moontide.js --app "$WORK/app" run
milliseconds_until '^ready' 3000 node bin/moontide.js --app "$WORK/app" run
within 'a node of an app that only prints, warm' 3000
say 'ok: nobody waits long'
