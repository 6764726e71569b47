#!/usr/bin/env bash
# Build the documentation's site in docs/build/html: the pages of docs/, and the reference from what the code says of itself.
set -euo pipefail
cd "$(dirname "$0")/.."

source=docs/build/source
rm -rf docs/build
mkdir -p "$source"
find docs -mindepth 1 -maxdepth 1 -not -name build -exec cp -r {} "$source" ';'
# The reference is of all roles and callbacks, and of the modules that a stage's playbooks may call, which say so themselves.
collection=docs/build/collections/ansible_collections/carpentries/amy
mkdir -p "$collection"
cp -r galaxy.yml meta plugins roles "$collection"
rm -r "$collection/plugins/filter"
grep --recursive --files-without-match 'carpentries\.amy\.public' "$collection/plugins/modules" | xargs rm -r
# antsibull-docs refuses a folder that others may write to.
install -d -m 0700 "$source/reference"
ANSIBLE_COLLECTIONS_PATH=docs/build/collections:.collections antsibull-docs collection --use-current --squash-hierarchy \
  --fail-on-error --dest-dir "$source/reference" carpentries.amy
# The theme has a table of contents of its own beside the page, and a list of pages, for which a name is long enough.
sed -i -E -e '/^\.\. contents::$/,/^$/d' -e 's/^carpentries\.amy\.(\w+ (role|module|filter|callback|inventory)) -- .*/\1/' \
  -e 's/^Carpentries\.Amy$/Reference/' "$source"/reference/*.rst
python -m scripts.document_variables >"$source/reference/variables.md"
# The first page shows a deploy that was recorded: its terminal after so many seconds, and its report.
python -m scripts.draw_deploy docs/recorded_deploy.jsonl 190 "$source/terminal.html" docs/build/html/reports
sphinx-build --quiet --fail-on-warning --keep-going --jobs auto "$source" docs/build/html
echo "docs/build/html/index.html"
