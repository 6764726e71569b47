#!/usr/bin/env bash
# Everything that can be judged of the sources without running them; of the tarball: scripts/sanity.sh
set -euo pipefail
cd "$(dirname "$0")/.."

command -v shellcheck >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends shellcheck; }
ruff check .
ruff format --check .
mypy plugins lab scripts tests
yamllint --strict .
shellcheck scripts/*.sh .ci/run
# It keeps a copy of the collection, and would look there for roles and modules that are younger than the copy.
rm -rf .ansible/collections
ansible-lint --offline
python -m scripts.document_roles --check
codespell
python -m scripts.words
zizmor --quiet --offline --no-progress .github/workflows
antsibull-changelog lint
check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
scripts/docs.sh
