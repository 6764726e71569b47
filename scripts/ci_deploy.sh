#!/usr/bin/env bash
# Run COMMAND (deploy, rollback or status) on STAGE; a deploy puts VERSION on.
set -euo pipefail
cd "$(dirname "$0")/.."

case $COMMAND in
  deploy) exec make deploy "STAGE=$STAGE" "VERSION=$VERSION" ;;
  rollback | status) exec make "$COMMAND" "STAGE=$STAGE" ;;
  *)
    printf 'COMMAND is "%s". It is deploy, rollback or status.\n' "$COMMAND" >&2
    exit 2
    ;;
esac
