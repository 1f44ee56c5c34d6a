#!/usr/bin/env bash
# A workflow of the app is started, signalled and awaited by the Temporal CLI, which knows nothing of Moontide.
source "$(dirname "$0")/common.sh"

cp -R "$ROOT/examples/orders/." "$WORK/app/"
rm -rf "$WORK/app/.moontide"
start_node
say 'start, signal and result by the Temporal CLI'
temporal workflow start --task-queue orders --type orders:order \
  --workflow-id foreign-1 --input '{"id":"foreign-1","sku":"mug","quantity":2}' >/dev/null
temporal workflow signal --workflow-id foreign-1 --name approve --input '{"by":"a stranger"}' >/dev/null
result=$(temporal workflow result --workflow-id foreign-1 --output json)
printf '%s\n' "$result" | grep -q '"status": *"shipped"' || fail "the result is $result"
printf '%s\n' "$result" | grep -q '"approved_by": *"a stranger"' || fail "the result is $result"
say 'ok: a foreign client started, signalled and awaited an order'
