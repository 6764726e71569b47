#!/usr/bin/env bash
# Test a stage of the local cloud under load, thoroughly. $1: the stage (local, another or legacy); then pytest's arguments.
set -euo pipefail
cd "$(dirname "$0")/.."

stage=$1
shift
trap 'python -m lab.local_cloud down' EXIT
# What a test run that was killed has left is in the way.
python -m lab.local_cloud up --take-over --stage "$stage"
if [[ $stage == legacy ]]; then
  make --no-print-directory legacy
else
  make --no-print-directory local STAGE="$stage"
fi
python -m pytest -q "$@" --timeout 1800 --durations=10
