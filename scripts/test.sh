#!/usr/bin/env bash
# Every test that CI runs; each kind prints its count. What needs no stage runs beside those tests of the stage that mostly
# wait, and nothing runs beside those that load it: what a load loses must be the deploy's fault, not a busy machine's.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/test_programs.sh

# A file's tests share what they have started, so a file stays on one core. A test that hangs fails, and says where. The stage
# has the right of way: its hosts must answer in time.
without_stage=(nice -n 10 python -m pytest -q -n auto --dist loadfile --timeout 300)
stage=(python -m pytest -q --timeout 1800 --durations=10 -m)
first=tests/stage/test_good_deploys.py::test_the_first_deploy_serves_and_the_same_again_changes_nothing

# Run a command beside what follows until `join`, which shows what it has printed. As a job it is a process group of its own.
beside() {
  set -m
  "$@" </dev/null >"$said" 2>&1 &
  background=$!
  set +m
}
join() {
  local code=0
  wait "$background" || code=$?
  background=
  cat "$said"
  return "$code"
}
end() {
  [[ -z $background ]] || kill -- "-$background" 2>/dev/null || true
  wait
  timeout --kill-after=60 600 python -m lab.local_cloud down
  rm "$said"
}
background=
said=$(mktemp)
trap end EXIT

begin_stage() {
  echo '--- the stage: from bare machines to the first site'
  # On a new machine its images take minutes. What a test run that was killed has left is in the way.
  timeout --foreground --kill-after=60 1800 python -m lab.local_cloud up --take-over
  make --no-print-directory local
  "${stage[@]}" 'not thorough' "$first"
}
rest_without_stage() {
  echo '--- the programs of the roles; provisioning, in the answers of an API of its own'
  # Provisioning is one story, which one process tells while the others are at the programs.
  "${without_stage[@]}" tests/unit/roles tests/provision -m 'not thorough' --durations=3
}

beside begin_stage
echo '--- units and templates'
"${without_stage[@]}" tests/unit tests/templates -m 'not thorough' --ignore tests/unit/roles --ignore tests/unit/local_cloud \
  --cov=plugins --cov-report=
coverage report --include 'plugins/module_utils/*' --fail-under 90 --format total
join

# All of the stage's tests, the control of each refusal included: pytest tests/stage
echo '--- the stage: under load'
"${stage[@]}" 'not thorough and alone' tests/stage --deselect "$first"

beside rest_without_stage
echo '--- the stage: what is wrong with it, and who may reach it'
"${stage[@]}" 'not thorough and not alone' tests/stage
join

echo '--- the local cloud'
# By itself, for its balancer drains and checks within seconds; and in a process of its own, for it corrects moto there.
"${without_stage[@]}" tests/unit/local_cloud
