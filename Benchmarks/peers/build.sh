#!/bin/sh
# Builds the peers of the benchmark rows into Benchmarks/.peers, and says what it cannot build and
# why. A peer that is not there is "not run" in the tables, so this never fails for a missing one.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$(dirname "$here")/.peers
crates=/usr/share/cargo/registry
supplements=/usr/share/gocode/src/golang.org/x
# scripts/setup --bench puts a current Go here; Debian's is old.
go=$out/go-venv/bin/go
[ -x "$go" ] || go=go
mkdir -p "$out"
: > "$out/versions"

skip() {
  rm -f "$out/$1"
  echo "$1: not built: $2" >&2
}

built() {
  echo "$1 $2" >> "$out/versions"
  echo "$1: built ($2)"
}

build_go() {
  command -v "$go" > /dev/null || { skip go "there is no go command"; return; }
  # The rows of the suite limits use packages that Debian has and Go itself has not.
  limits=
  if [ -d "$supplements/time/rate" ] && [ -d "$supplements/sync/singleflight" ]; then
    limits="-tags=limits -modfile=limits.mod"
  else
    echo "go: without limits: golang-golang-x-time-dev or golang-golang-x-sync-dev is not installed" >&2
  fi
  # shellcheck disable=SC2086 # two words or none
  (cd "$here/go" && GOTOOLCHAIN=local GOFLAGS=-mod=mod "$go" build $limits -o "$out/go" .) ||
    { skip go "the build failed"; return; }
  built go "$("$go" env GOVERSION | sed 's/^go//')"
}

# build_rust NAME CRATE...: each crate has to be among Debian's packages of crates.
build_rust() {
  name=$1
  shift
  command -v cargo > /dev/null || { skip "$name" "there is no cargo command"; return; }
  for crate in "$@"; do
    ls -d "$crates/$crate"-[0-9]* > /dev/null 2>&1 ||
      { skip "$name" "the package librust-$crate-dev is not installed"; return; }
  done
  (cd "$here/$name" && cargo build --quiet --release --offline --target-dir "$out/target") ||
    { skip "$name" "the build failed"; return; }
  cp "$out/target/release/$name" "$out/$name"
  built "$name" "$(sed -n "/^name = \"$name\"/{n;s/version = \"\(.*\)\"/\1/p;}" \
    "$here/$name/Cargo.lock")"
}

# The same program under both names, from which it knows what to use.
build_cpython() {
  command -v python3 > /dev/null || {
    for name in cpython-threads cpython-processes; do skip "$name" "there is no python3"; done
    return
  }
  for name in cpython-threads cpython-processes; do cp "$here/cpython/kernels.py" "$out/$name"; done
  built cpython "$(python3 -c 'import platform; print(platform.python_version())')"
}

# Nothing is built here: the program is copied to where the runner looks for peers.
build_asyncio() {
  command -v python3 > /dev/null || { skip asyncio "there is no python3 command"; return; }
  python3 -c 'import asyncio; asyncio.timeout, asyncio.TaskGroup' 2> /dev/null ||
    { skip asyncio "Python is older than 3.11"; return; }
  cp "$here/asyncio/rows.py" "$out/asyncio"
  chmod +x "$out/asyncio"
  built asyncio "$(python3 -c 'import platform; print(platform.python_version())')"
}

build_go
build_cpython
build_asyncio
build_rust tokio tokio futures
build_rust async-channel async-channel tokio
build_rust rayon rayon
if command -v rustc > /dev/null; then built rust "$(rustc --version | cut -d' ' -f2)"; fi
