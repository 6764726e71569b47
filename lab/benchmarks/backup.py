# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verified backup costs, beside a plain pg_dump: `python -m lab.benchmarks.backup`.

A cluster of its own, with a database of at least 1 GiB; both write custom format into one folder, in turn, three times.
Takes about five minutes and 4 GiB below the temporary folder, and leaves nothing behind. No bucket: the time of an
upload says more about the network.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.servers.postgresql import USER, Cluster, binaries, cluster
from tests.unit.roles.backups.program import DatabaseProgram

ROUNDS = 3
DATABASE = "benchmark"
WANTED = 1 << 30
BATCH = 500_000
# Half of a row's text repeats itself, as mails and names do, and half does not.
FILL = """
INSERT INTO mail (sent, recipient, body)
SELECT now() - random() * interval '5 years', 'person' || (random() * 100000)::int || '@example.test',
       repeat('Dear learner, your workshop begins soon. ', 4) || md5(random()::text) || md5(random()::text)
FROM generate_series(1, {})
"""
TABLES = (
    "CREATE TABLE mail (id bigserial PRIMARY KEY, sent timestamptz, recipient text, body text)",
    "CREATE INDEX ON mail (recipient)",
    "CREATE TABLE person (id serial PRIMARY KEY)",
    "CREATE TABLE django_migrations (id serial PRIMARY KEY, app text, name text)",
)


@dataclass(frozen=True)
class Measured:
    """Seconds and bytes."""

    seconds: float
    size: int


def main() -> int:
    """Fill, measure, print a table."""
    programs = binaries()
    if programs is None:
        print("There is no PostgreSQL server (initdb). Run: apt-get install postgresql", file=sys.stderr)
        return 1
    with cluster(programs) as server, tempfile.TemporaryDirectory(prefix="amy-benchmark-") as name:
        size = fill(server)
        program = DatabaseProgram(server, DATABASE, Path(name))
        plain, verified = [], []
        for _ in range(ROUNDS):
            plain.append(dump(program, Path(name, "plain.dump")))
            verified.append(back_up(program))
        began = time.monotonic()
        program.run("drill", "newest", seconds=600)
        print(report(size, plain=plain, verified=verified, drill=time.monotonic() - began))
    return 0


def fill(server: Cluster) -> int:
    """Make the database; return its size in bytes."""
    server.execute("postgres", f"CREATE DATABASE {DATABASE} OWNER {USER}")
    server.execute(DATABASE, *TABLES)
    while True:
        server.execute(DATABASE, FILL.format(BATCH))
        size = int(server.query(DATABASE, f"SELECT pg_database_size('{DATABASE}')")[0][0])
        if size >= WANTED:
            server.execute(DATABASE, "VACUUM ANALYZE")
            return size


def dump(program: DatabaseProgram, file: Path) -> Measured:
    """Measure what most scripts do."""
    began = time.monotonic()
    conninfo = f"service=amy dbname={program.database}"
    subprocess.run(
        ["pg_dump", "--format=custom", f"--file={file}", conninfo], env=program.environment(), check=True, timeout=600
    )
    measured = Measured(time.monotonic() - began, file.stat().st_size)
    file.unlink()
    return measured


def back_up(program: DatabaseProgram) -> Measured:
    """Measure the whole command: dump, rows, read-back, checksum, manifest."""
    began = time.monotonic()
    made = program.run("backup", seconds=600)
    return Measured(time.monotonic() - began, int(made["size"]))


def report(size: int, *, plain: list[Measured], verified: list[Measured], drill: float) -> str:
    """Return the medians as a table for the documentation."""
    rows = [("`pg_dump -Fc`", plain), ("`amy-database backup`", verified)]
    seconds = [statistics.median(one.seconds for one in measured) for _, measured in rows]
    sizes = [statistics.median(one.size for one in measured) for _, measured in rows]
    lines = [f"Database: {size / 2**20:.0f} MiB. Medians of {ROUNDS}.", "", "| | seconds | MiB |", "|---|---|---|"]
    lines += [f"| {rows[i][0]} | {seconds[i]:.1f} | {sizes[i] / 2**20:.1f} |" for i in range(2)]
    lines += [f"| ratio | {seconds[1] / seconds[0]:.2f} | {sizes[1] / sizes[0]:.3f} |", f"| drill | {drill:.1f} | |"]
    lines += ["", *(f"{name}: " + ", ".join(f"{one.seconds:.1f} s" for one in measured) for name, measured in rows)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
