#!/usr/bin/env bash
# Build the tarball of the tag GITHUB_REF_NAME (vX.Y.Z), and write release-notes.md. Stops if anything says another version.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${GITHUB_REF_NAME#v}
stated=$(sed -n 's/^version: //p' galaxy.yml)
if [[ $stated != "$version" ]]; then
  printf 'The tag says %s, and galaxy.yml says %s. Correct galaxy.yml, commit, and move the tag.\n' "$version" "$stated" >&2
  exit 2
fi
make --no-print-directory .venv/development
if ! .venv/bin/antsibull-changelog generate --only-latest --output release-notes.md --output-format md "$version"; then
  printf 'The changelog has no %s. Run: antsibull-changelog release; commit, and move the tag.\n' "$version" >&2
  exit 2
fi
make --no-print-directory build
