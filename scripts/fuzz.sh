#!/usr/bin/env bash
# Runs every fuzz target for a while: FUZZTIME each, 20s without. Inputs that
# reach new code are not minimised, which takes a minute each for documents.
set -euo pipefail
cd "$(dirname "$0")/.."
grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do
  dir=$(dirname "$file")
  grep -oE '^func Fuzz\w+' "$file" | sed 's/^func //' | while read -r target; do
    echo "== $dir $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-20s}" -fuzzminimizetime 1x "$dir"
  done
done
