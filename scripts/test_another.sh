#!/usr/bin/env bash
# The other sample application on a stage without queues, under load, in the local cloud of this machine.
set -euo pipefail
cd "$(dirname "$0")/.."

trap 'python -m local_cloud down' EXIT
python -m local_cloud up --take-over
make --no-print-directory local STAGE=another
python -m pytest -q tests/stage/test_another_application.py --timeout 1800 --durations=10
