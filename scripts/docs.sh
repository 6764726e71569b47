#!/usr/bin/env bash
# Build the documentation's site in docs/build/html: the pages of docs/, and the reference from what the code says of itself.
set -euo pipefail
cd "$(dirname "$0")/.."

source=docs/build/source
rm -rf docs/build
mkdir -p "$source"
find docs -mindepth 1 -maxdepth 1 -not -name build -exec cp -r {} "$source" ';'
# antsibull-docs refuses a folder that others may write to.
install -d -m 0700 "$source/reference"
antsibull-docs collection --use-current --squash-hierarchy --fail-on-error --dest-dir "$source/reference" carpentries.amy
# The theme has a table of contents of its own beside the page, and a list of pages, for which a name is long enough.
sed -i -E -e '/^\.\. contents::$/,/^$/d' -e 's/^carpentries\.amy\.(\w+ (role|module|filter|callback)) -- .*/\1/' \
  "$source"/reference/*.rst
python -m scripts.document_variables >"$source/reference/variables.md"
sphinx-build --quiet --fail-on-warning --keep-going --jobs auto "$source" docs/build/html
echo "docs/build/html/index.html"
