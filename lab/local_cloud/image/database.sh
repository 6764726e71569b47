#!/bin/sh
# Add PostgreSQL 15 to the machine image, set up as RDS sets it up. Runs as root inside a container.
set -eu
export DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8

apt-get update -q
apt-get install -q -y --no-install-recommends locales
# RDS creates its clusters with this locale, and dumps name it.
localedef --inputfile=en_US --charmap=UTF-8 en_US.UTF-8
apt-get install -q -y --no-install-recommends postgresql-15
apt-get clean
pg_dropcluster 15 main
pg_createcluster 15 main --locale=en_US.UTF-8 --encoding=UTF8 -- --auth-local=peer --auth-host=scram-sha-256
pg_conftool 15 main set listen_addresses '*'
# No one is `postgres` over the network: the master user is not a superuser, and must not become one.
cat >/etc/postgresql/15/main/pg_hba.conf <<'RULES'
local all postgres peer
local all all scram-sha-256
host all postgres all reject
host all all all scram-sha-256
RULES
# PostgreSQL 15 lets every role with CREATEROLE grant itself pg_execute_server_program, which RDS refuses.
# The grant cannot be forbidden, so the server may execute nothing but itself. (Debian's pg_ctlcluster needs a shell.)
install -d /etc/systemd/system/postgresql@15-main.service.d
cat >/etc/systemd/system/postgresql@15-main.service.d/no-programs.conf <<'UNIT'
[Service]
Type=notify
PIDFile=
User=postgres
ExecStart=
ExecStart=/usr/lib/postgresql/15/bin/postgres -c config_file=/etc/postgresql/15/main/postgresql.conf
ExecStop=
ExecReload=
ExecReload=+/bin/kill -HUP $MAINPID
KillSignal=SIGINT
NoExecPaths=/
ExecPaths=/usr/lib /lib /lib64
UNIT
