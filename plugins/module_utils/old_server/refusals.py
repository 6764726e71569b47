# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a server that was built by hand can become a fleet, judged from what was found on it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from ..host_kinds import PROGRAMS

NEEDED = tuple(PROGRAMS)


def refusals(
    found: dict[str, Any],
    *,
    redis_version: str,
    settings: Iterable[str],
    left_behind: Iterable[str],
    cron_left_behind: Collection[str],
    database_host: str,
    certificate_days: int,
) -> list[str]:
    """Return a line for each finding that stands in the way, with what to do about it.

    `found` is what the module old_server_info returns; `redis_version` is the new host's; `settings` are the names that
    the stage gives its application, `left_behind` those that it is meant to live without, as `cron_left_behind` are
    parts of cron's commands; `database_host` is the fleet's, empty if one would be made; `certificate_days` is how long
    the certificate must still be valid, so that the old server can be the site again.
    """
    return [
        *_site(found, certificate_days),
        *_release(found, settings, left_behind),
        *_database(found["database_host"], database_host),
        *_cron(found["cron_jobs"], cron_left_behind),
        *_queues(found, redis_version),
    ]


def _site(found: dict[str, Any], certificate_days: int) -> Iterable[str]:
    if found["problem"]:
        yield f"{found['problem']}."
    elif found["certificate_days"] < certificate_days:
        yield (
            f"The certificate {found['certificate']} ends in {found['certificate_days']} days; {certificate_days} are "
            "needed, so that the move can be taken back. Renew it: certbot renew"
        )


def _release(found: dict[str, Any], settings: Iterable[str], left_behind: Iterable[str]) -> Iterable[str]:
    if found["modified"]:
        yield (
            f"The checkout has been changed by hand: {', '.join(found['modified'])}. The fleet would run something "
            "else. Commit the changes where the release is built from, deploy that on the old server, then run the "
            "same command again."
        )
    unknown = sorted(set(found["settings"]) - set(settings) - set(left_behind))
    if unknown:
        yield (
            f"The old server gives its application settings that the stage does not: {', '.join(unknown)}. Add each to "
            "release_environment or release_secrets of the stage, or to modernize_settings_left_behind."
        )


def _database(old: str, new: str) -> Iterable[str]:
    if not old:
        yield "The old server's settings do not name its database. Say which one does: modernize_database_setting."
    elif old.lower() != new.lower():
        fleet = f"the fleet would use {new}" if new else "the fleet would get a new, empty one"
        yield (
            f"Its database is {old}, and {fleet}. Set database_existing_endpoint to the name by which the fleet "
            "reaches that database, and have the old server use the same name. One that is on the server itself has to "
            "be moved to RDS first."
        )


def _cron(jobs: Iterable[dict[str, str]], left_behind: Collection[str]) -> Iterable[str]:
    for job in jobs:
        if not any(part in job["command"] for part in left_behind):
            yield (
                f"cron runs {job['command']} ({job['file']}), and the fleet would not. Make it a job of the scheduler "
                "or a timer of one host, or name a part of it in modernize_cron_left_behind if it is no longer needed."
            )


def _queues(found: dict[str, Any], redis_version: str) -> Iterable[str]:
    duties = [program["duty"] for program in found["programs"]]
    for program in found["programs"]:
        if program["duty"] not in NEEDED:
            name, command = program["name"], program["command"]
            yield (
                f"supervisord runs {name} ({command}), which is neither gunicorn nor a worker nor the "
                "scheduler. The fleet would not run it. Stop it and remove its file, or move it elsewhere first."
            )
    for duty in NEEDED:
        if duties.count(duty) != 1:
            yield f"supervisord must run one {duty} program, and runs {duties.count(duty)}."
    if _version(found["redis_version"]) > _version(redis_version):
        yield (
            f"Its Redis is {found['redis_version']}, newer than the new host's {redis_version}, which cannot read such "
            "data. Choose an image for the Redis host whose Redis is as new."
        )


def _version(text: str) -> tuple[int, ...]:
    """Return the part of a version that decides about the format of Redis's data."""
    return tuple(int(part) for part in text.split(".")[:2])
