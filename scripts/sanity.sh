#!/usr/bin/env bash
# Judge the tarball as Galaxy gets it: with ansible-test's sanity tests that need no container, Galaxy's own importer, and
# antsibull-docs. All three want a folder ansible_collections/carpentries/amy, which a checkout is not.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$PWD/.cache/sanity
root=$work/ansible_collections
collection=$root/carpentries/amy
rm -rf "$root" "$work/tarball"
mkdir -p "$collection" "$work/tarball" "$work/home/.ansible/test/cache"

ansible-galaxy collection build --output-path "$work/tarball" >/dev/null
tar -xf "$work"/tarball/*.tar.gz -C "$collection"
# ansible-test asks git for the files; the checkout's own git ignores them here.
git init --quiet "$collection"
# Its modules import from these.
for namespace in amazon ansible community; do
  ln -sfn "$(python -c 'import ansible_collections; print(*ansible_collections.__path__)')/$namespace" "$root/$namespace"
done

echo '--- ansible-test sanity'
# The pip that ansible-test would download, of ansible-core 2.19, and of 2.20 and 2.21.
for version in 24_2 25_2; do
  cp scripts/ansible_test_pip.py "$work/home/.ansible/test/cache/get_pip_$version.py"
done
python=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
(cd "$collection" && HOME=$work/home ansible-test sanity --local --python "$python" --color no)

echo '--- galaxy-importer'
[[ -x .cache/galaxy/bin/python ]] || uv venv --quiet .cache/galaxy
VIRTUAL_ENV=.cache/galaxy uv pip install --quiet --require-hashes -r requirements/galaxy.txt
# Without its ansible-lint, which does not see the collections that ours is built on; scripts/lint.sh runs a stricter one.
printf '[galaxy-importer]\nrun_ansible_lint = False\n' >"$work/galaxy-importer.cfg"
(cd "$work/tarball" && GALAXY_IMPORTER_CONFIG=$work/galaxy-importer.cfg PATH=$OLDPWD/.cache/galaxy/bin:$PATH \
  python -m galaxy_importer.main ./*.tar.gz)

echo '--- antsibull-docs'
(cd "$collection" && antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self .)
