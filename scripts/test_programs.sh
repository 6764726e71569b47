#!/usr/bin/env bash
# Install the programs that the tests of tests/unit and tests/templates start, unless they are there.
set -euo pipefail

# What reads the rendered templates, what tests start on a port of their own, and what packs releases.
programs=(git gnupg gpgv haproxy logrotate nginx pgbouncer postgresql redis-server supervisor zstd)
if ! dpkg --status "${programs[@]}" >/dev/null 2>&1; then
  apt-get update -qq
  # RUNLEVEL=1: installed, but not started as services of this machine.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${programs[@]}"
fi
