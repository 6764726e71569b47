#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: old_server_info
short_description: Read what a server that was built by hand runs
version_added: 0.1.0
description:
  - Reads nginx's configuration, supervisord's programs, the application's checkout and settings, Redis and the
    certificate of a server on which everything runs.
  - Only reads. Of settings it returns the names, and no value but the host name of the database.
extends_documentation_fragment: [carpentries.amy.read_only]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  domain:
    description: The site's name.
    type: str
    required: true
  site_root:
    description: The site's tree, C(/webapps/{domain}), with the checkout in C(repo).
    type: path
    required: true
  database_setting:
    description: The setting that tells the application where its database is, a host name or a URL with one.
    type: str
    required: true
  supervisor_files:
    description: The pattern of supervisord's files.
    type: str
    default: /etc/supervisor/conf.d/*.conf
"""

EXAMPLES = r"""
- name: Read the old server
  carpentries.amy.old_server_info:
    domain: amy.example.org
    site_root: /webapps/amy.example.org
    database_setting: AMY_DATABASE_HOST
  become: true
  register: found
"""

RETURN = r"""
old_server:
  description: What was found.
  returned: success
  type: dict
  sample:
    commit: 0123456789abcdef0123456789abcdef01234567
    version: v4.2.4
    modified: []
    settings: [AMY_DATABASE_HOST, AMY_REDIS_URL, AMY_SECRET_KEY]
    database_host: amy.abc.us-east-1.rds.amazonaws.com
    cron_jobs: [{file: /etc/cron.d/amy, command: /webapps/amy.example.org/report.sh}]
    programs: [{name: rqworker, file: /etc/supervisor/conf.d/amy.conf, command: /webapps/worker.sh, duty: worker}]
    redis_version: 7.0.15
    site_file: /etc/nginx/sites-enabled/amy
    names: [amy.example.org]
    certificate: /etc/letsencrypt/live/amy.example.org/fullchain.pem
    certificate_key: /etc/letsencrypt/live/amy.example.org/privkey.pem
    certificate_days: 61
    application_socket: /webapps/amy.example.org/gunicorn.sock
    socket_files: [/etc/nginx/sites-enabled/amy]
    challenge_root: /var/www/letsencrypt
    problem: ""
"""

import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.old_server.cron import Job, jobs_of
from ..module_utils.old_server.environment import environment_command, environment_of, host_in
from ..module_utils.old_server.nginx_site import SiteError, site_of
from ..module_utils.old_server.programs import ProgramsError, programs_of

REDIS_VERSION = "redis_version:"
CRON_TABLES = ("etc/cron.d/*", "var/spool/cron/crontabs/*")
CRON_PROGRAMS = ("etc/cron.hourly/*", "etc/cron.daily/*", "etc/cron.weekly/*", "etc/cron.monthly/*")
OPENSSL_DATE = "notAfter=%b %d %H:%M:%S %Y GMT"


class OldServer:
    """A server, read by commands that change nothing."""

    def __init__(self, module: AnsibleModule, root: Path) -> None:
        self._module = module
        self._root = root

    def describe(self, *, domain: str, database_setting: str, supervisor_files: str) -> dict[str, Any]:
        """Return what is there. Raises ProgramsError, OSError."""
        settings = self._settings()
        paths = Path("/").glob(supervisor_files.lstrip("/"))
        files = {str(path): path.read_text(encoding="utf-8", errors="replace") for path in paths}
        return {
            **self._release(),
            **self._site(domain),
            "settings": sorted(settings),
            "database_host": host_in(settings.get(database_setting, "")),
            "programs": [program._asdict() for program in programs_of(files, _read)],
            "cron_jobs": [job._asdict() for job in self._cron_jobs()],
            "redis_version": self._redis_version(),
        }

    def _release(self) -> dict[str, Any]:
        commit = self._git("rev-parse", "HEAD").strip()
        return {
            "commit": commit,
            "version": self._git("describe", "--tags", "--exact-match", may_fail=True).strip() or commit,
            "modified": [line[3:] for line in self._git("status", "--porcelain", "--untracked-files=no").splitlines()],
        }

    def _site(self, domain: str) -> dict[str, Any]:
        try:
            site = site_of(self._run("nginx", "-T"), domain)
        except SiteError as error:
            return {"problem": str(error)}
        ends = self._run("openssl", "x509", "-noout", "-enddate", "-in", site.certificate).strip()
        days = (datetime.strptime(ends, OPENSSL_DATE).replace(tzinfo=timezone.utc) - datetime.now(timezone.utc)).days
        return {
            "problem": "",
            "site_file": os.path.realpath(site.file),
            "names": site.names,
            "certificate": site.certificate,
            "certificate_key": site.certificate_key,
            "certificate_days": days,
            # Where requests can be held, nginx is led to the socket over a link.
            "application_socket": os.path.realpath(site.application_socket),
            "socket_files": site.socket_files,
            "challenge_root": site.challenge_root,
        }

    def _settings(self) -> dict[str, str]:
        postactivate = self._root / "repo/.venv/bin/postactivate"
        return environment_of(self._run(*environment_command(str(postactivate))))

    def _cron_jobs(self) -> Iterator[Job]:
        yield from jobs_of({str(path): _read(str(path)) for path in self._made_by_hand(*CRON_TABLES)})
        for path in self._made_by_hand(*CRON_PROGRAMS):
            yield Job(str(path), str(path))

    def _made_by_hand(self, *patterns: str) -> Iterator[Path]:
        """Yield the files that no package has brought."""
        files = sorted(path for pattern in patterns for path in Path("/").glob(pattern) if path.is_file())
        return (path for path in files if not self._run("dpkg-query", "--search", str(path), may_fail=True))

    def _redis_version(self) -> str:
        lines = self._run("redis-cli", "info", "server").splitlines()
        return next((line[len(REDIS_VERSION) :].strip() for line in lines if line.startswith(REDIS_VERSION)), "0")

    def _git(self, *words: str, may_fail: bool = False) -> str:
        # The checkout belongs to the application's user, and git as root would refuse it.
        return self._run("git", "-c", "safe.directory=*", "-C", str(self._root / "repo"), *words, may_fail=may_fail)

    def _run(self, *command: str, may_fail: bool = False) -> str:
        code, output, errors = self._module.run_command(list(command))
        if code and not may_fail:
            self._module.fail_json(
                msg=f"The old server cannot be read: {' '.join(command[:6])}: {(errors or output).strip()[-500:]}"
            )
        return str(output) if not code else ""


def _read(path: str) -> str:
    """Return a script's text; nothing of a program that is none, or of no file."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "domain": {"type": "str", "required": True},
            "site_root": {"type": "path", "required": True},
            "database_setting": {"type": "str", "required": True},
            "supervisor_files": {"type": "str", "default": "/etc/supervisor/conf.d/*.conf"},
        },
        supports_check_mode=True,
    )
    server = OldServer(module, Path(module.params["site_root"]))
    try:
        found = server.describe(
            domain=module.params["domain"],
            database_setting=module.params["database_setting"],
            supervisor_files=module.params["supervisor_files"],
        )
    except (ProgramsError, OSError) as error:
        module.fail_json(msg=f"The old server cannot be read: {error}")
    module.exit_json(changed=False, old_server=found)


if __name__ == "__main__":
    main()
