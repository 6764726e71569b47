#!/usr/bin/env bash
# Make .venv hold exactly what requirements/$1.txt locks. $1: operator (to deploy) or development (to change the collection).
set -euo pipefail

set_of_packages=$1
cd "$(dirname "$0")/.."

# A name on PATH may be the stub of a version manager, so each candidate has to run.
python=
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [[ -z $python ]]; then
  echo 'Python 3.11 or newer is needed and not on PATH. Install it (apt-get install python3.11) and run make again.' >&2
  exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [[ $EUID -ne 0 ]]; then
    echo "Python's venv module is missing. Run: sudo apt-get install python3-venv" >&2
    exit 2
  fi
  apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv
fi

[[ -x .venv/bin/python ]] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --require-hashes -r "requirements/$set_of_packages.txt"
touch .venv/operator ".venv/$set_of_packages"
