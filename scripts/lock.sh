#!/usr/bin/env bash
# Resolve pyproject.toml into requirements/*.txt: every version pinned, every file by its hash, no registry named.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' "$@"
}

compile pyproject.toml --group local -o requirements/operator.txt
compile pyproject.toml --group local --group development -c requirements/operator.txt -o requirements/development.txt
compile --group galaxy -o requirements/galaxy.txt
echo uv | compile - -o requirements/bootstrap.txt
