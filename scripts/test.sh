#!/usr/bin/env bash
# Every test that CI runs, from the quickest to the longest; each kind prints its count.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/test_programs.sh

# Beside the units: on a new machine its images take minutes. What a test run that was killed has left is in the way.
timeout --kill-after=60 1800 python -m local_cloud up --take-over &
cloud=$!
trap 'wait "$cloud" || true; timeout --kill-after=60 600 python -m local_cloud down' EXIT

# A file's tests share what they have started, so a file stays on one core. A test that hangs fails, and says where.
on_every_core=(-n auto --dist loadfile --timeout 300)

echo '--- units and templates'
python -m pytest -q "${on_every_core[@]}" tests/unit tests/templates -m 'not thorough' --ignore tests/unit/local_cloud --cov=plugins --cov-report=
coverage report --include 'plugins/module_utils/*' --fail-under 90 --format total
# In a process of its own: the local cloud corrects moto for the whole process.
python -m pytest -q "${on_every_core[@]}" tests/unit/local_cloud

echo '--- provisioning, in the answers of an API of its own'
python -m pytest -q "${on_every_core[@]}" tests/provision -m 'not thorough' --durations=3

echo '--- the whole stage under load'
wait "$cloud"
make --no-print-directory local
# All of them, the control of each refusal included: pytest tests/stage
python -m pytest -q tests/stage -m 'not thorough' --timeout 1800 --durations=10
