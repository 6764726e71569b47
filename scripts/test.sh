#!/usr/bin/env bash
# Every test that CI runs, from the quickest to the longest; each kind prints its count.
set -euo pipefail
cd "$(dirname "$0")/.."

python -m local_cloud prepare
echo '--- units and templates'
python -m pytest -q tests/unit tests/templates
echo '--- roles in containers'
scripts/molecule.sh
echo '--- the whole stage under load'
trap 'python -m local_cloud down' EXIT
make --no-print-directory local
python -m pytest -q tests/stage
