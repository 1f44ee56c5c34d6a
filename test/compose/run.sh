#!/usr/bin/env bash
# The compose stack as people start it: the unchanged docker-compose.yml with the orders example, on an engine without an image
# registry (stand-ins.sh). Measures the time until all is healthy; kills one container of each kind while an order waits; the order
# is shipped, and the stack is whole again. Prints why, and ends with 0, where no engine can be had.
#   npm run test:compose        MOONTIDE_COMPOSE_CACHE: default ~/.cache/moontide-compose
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
CACHE=${MOONTIDE_COMPOSE_CACHE:-$HOME/.cache/moontide-compose}
PROJECT=moontide-test
# Ports of this machine that the stack gets, apart from those of a stack that somebody uses.
export TEMPORAL_PORT=127.0.0.1:17233 TEMPORAL_UI_PORT=127.0.0.1:18233
FAILED=0
say() { printf '== %s\n' "$*"; }
skip() {
  say "skipped: $*"
  exit 0
}
fail() {
  say "FAILED: $*"
  compose ps || true
  compose logs --tail 20 2>&1 | tail -n 120 | cut -c 1-400 || true
  exit 1
}

# --- an engine

command -v docker >/dev/null || skip 'there is no docker command'
if ! docker info >/dev/null 2>&1; then
  command -v dockerd >/dev/null || skip 'no Docker engine answers, and there is no dockerd to start'
  [ "$(id -u)" = 0 ] || skip 'no Docker engine answers, and only root can start one'
  dockerd >/tmp/moontide-dockerd.log 2>&1 &
  ENGINE=$!
  for _ in $(seq 60); do docker info >/dev/null 2>&1 && break; sleep 0.5; done
  docker info >/dev/null 2>&1 || skip 'dockerd does not come up (/tmp/moontide-dockerd.log)'
fi
if docker compose version >/dev/null 2>&1; then
  compose() { docker compose -p "$PROJECT" --project-directory "$ROOT" "$@"; }
elif command -v docker-compose >/dev/null; then
  compose() { docker-compose -p "$PROJECT" --project-directory "$ROOT" -f "$ROOT/docker-compose.yml" "$@"; }
else
  skip 'there is neither `docker compose` nor `docker-compose`'
fi
finish() {
  local code=$?
  compose down -v --remove-orphans >/dev/null 2>&1 || true
  [ -z "${ENGINE:-}" ] || kill "$ENGINE"
  exit "$code"
}
trap finish EXIT

if ! docker pull -q "postgres:$(sed -n 's/^POSTGRES_VERSION=//p' "$ROOT/.env.example")" >/dev/null 2>&1; then
  for tool in debootstrap go npm pip; do command -v "$tool" >/dev/null || skip "no image registry answers, and there is no $tool to make stand-ins"; done
  [ "$(id -u)" = 0 ] || skip 'no image registry answers, and only root can make stand-ins'
  say 'no image registry answers: stand-ins'
  "$HERE/stand-ins.sh" "$CACHE"
fi

# --- up

say 'building the image of the app'
compose build >"$CACHE/build.log" 2>&1 || { tail -n 30 "$CACHE/build.log"; fail 'the image cannot be built'; }
compose down -v >/dev/null 2>&1 || true

container() { compose ps -q "$1"; }
health() { docker inspect -f '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$(container "$1")" 2>/dev/null || echo absent; }
is_whole() { [ "$(health postgres) $(health temporal) $(health temporal-ui) $(health node-1) $(health node-2)" = 'healthy healthy running healthy healthy' ]; }
# Seconds until all is healthy.
whole() {
  local began=$SECONDS
  until is_whole; do
    [ $((SECONDS - began)) -lt "$1" ] || return 1
    sleep 0.5
  done
  echo $((SECONDS - began))
}

began=$SECONDS
compose up -d >"$CACHE/up.log" 2>&1 || { tail -n 30 "$CACHE/up.log"; fail 'up'; }
whole 120 >/dev/null || fail 'not healthy within 120 s'
healthy=$((SECONDS - began))
say "healthy after $healthy s"

# --- the orders example through it

moontide() { compose exec -T node-1 moontide --json "$@"; }
status() { moontide inspect "$1" | sed -n 's/.*"status":"\([a-z_]*\)".*/\1/p'; }
until_closed() {
  for _ in $(seq 120); do
    [ "$(status "$1" 2>/dev/null)" = completed ] && return 0
    sleep 0.5
  done
  return 1
}
order() { printf '{"id":"%s","sku":"mug","quantity":1}' "$1"; }

moontide start orders:order "$(order o-1)" --id o-1 >/dev/null || fail 'an order does not start'
moontide send o-1 approve '{"by":"ada"}' >/dev/null || fail 'an order cannot be approved'
until_closed o-1 || fail 'the order is not shipped'
say 'an order is shipped'
curl -fsS "http://$TEMPORAL_UI_PORT/namespaces/default/workflows" | grep -qi '<html' || fail "the UI does not answer"
say 'the UI answers'

# --- one of each kind is killed, with an order that waits

for service in node-1 node-2 temporal postgres temporal-ui; do
  moontide start orders:order "$(order "o-$service")" --id "o-$service" >/dev/null || fail "an order does not start before $service is killed"
  kill -9 "$(docker inspect -f '{{.State.Pid}}' "$(container "$service")")"
  sleep 1 # until the engine has seen it
  took=$(whole 120) || fail "not whole within 120 s after the kill of $service"
  for _ in $(seq 60); do moontide send "o-$service" approve '{"by":"ada"}' >/dev/null 2>&1 && break; sleep 1; done
  until_closed "o-$service" || fail "the order that waited when $service was killed is not shipped"
  say "$service killed: whole again after $took s, and the order that waited is shipped"
done

# --- it stops in order, and starts again with what it had

compose stop >/dev/null 2>&1
for service in node-1 node-2; do
  code=$(docker inspect -f '{{.State.ExitCode}}' "$(compose ps -aq "$service" 2>/dev/null || container "$service")")
  [ "$code" = 0 ] || fail "$service ended with $code on SIGTERM"
done
say 'both nodes end with 0 on SIGTERM'
began=$SECONDS
compose up -d >"$CACHE/up.log" 2>&1 || { tail -n 30 "$CACHE/up.log"; fail 'up again'; }
whole 120 >/dev/null || fail 'not healthy within 120 s when started again'
[ "$(status o-1)" = completed ] || fail 'what had been done is gone'
say "started again in $((SECONDS - began)) s, with what it had"
[ "$healthy" -lt 60 ] || fail "healthy only after $healthy s; 60 are the limit"
say 'passed'
