# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a stage's own that docs/deploy.md shows, run by real Ansible."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/deploy.md").read_text(encoding="utf-8"), re.DOTALL)
HOOKS, CDN, CHAT = BLOCKS
LAUNCHER = '#!/bin/sh\necho "$@" in "$(basename "$PWD")" >> ../../ran\n'
PLAN = {"needed": True, "migrator": "utility1", "previous": "v1"}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a command runs as the application's user, by root's right")


@pytest.fixture
def asked() -> Iterator[tuple[int, list[str]]]:
    """A server's port, and what was asked of it: methods and bodies."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            requests.append(f"{self.command} {json.loads(body)['text'] if body else ''}".strip())
            self.send_response(204)
            self.end_headers()

        do_POST = do_PURGE = answer  # noqa: N815 - http.server calls them by the method

        def log_message(self, *_arguments: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1], requests
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("failures", "ran", "requests"),
    [
        ([], ["python manage.py rebuild_index in v2"], ["PURGE", "POST v2 to test: succeeded"]),
        ([{"host": "web1", "message": "it gave 500"}], [], ["POST v2 to test: rolled_back web1: it gave 500"]),
    ],
)
def test_the_steps_of_the_documentation_run(
    tmp_path: Path, asked: tuple[int, list[str]], failures: list[dict[str, str]], ran: list[str], requests: list[str]
) -> None:
    port, found = asked
    launcher = tmp_path / "site/releases/v2/.venv/bin/with-environment"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    stage = tmp_path / "inventories/test"
    (stage / "hooks").mkdir(parents=True)
    (stage / "hooks/clear_cdn.yml").write_text(CDN)
    (stage / "hooks/post_to_chat.yml").write_text(CHAT)
    (stage / "group_vars").mkdir()
    (stage / "group_vars/all.yml").write_text(HOOKS)
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {"utility1": host, "web1": host}
    groups = {"web": {"hosts": {"web1": {}}}, "utility": {"hosts": {"utility1": {}}}, "application": {"hosts": hosts}}
    (stage / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"localhost": host}, "children": groups}}))
    facts = {
        "deploy": {
            **{"release": "v2", "ref": "v2", "plan": PLAN, "choice": {"strategy": "rolling", "breaking": False}},
            "hooks": "{{ deploy_hooks }}",
        }
    }
    begin = {"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.set_fact": facts}]}
    noted = {"deploy_host": {"name": "web1", "role": "web", "failures": failures}}
    note = {"hosts": "web1", "gather_facts": False, "tasks": [{"ansible.builtin.set_fact": noted}]}
    points = ("before_migrate", "after_migrate", "after_roll_web_hosts", "after_success", "after_failure")
    plays = [
        {
            "ansible.builtin.import_playbook": f"{ROOT}/playbooks/phases/hooks.yml",
            "vars": {"hook": point, "hook_is_end": point in points[-2:]},
        }
        for point in points
    ]
    (tmp_path / "play.json").write_text(json.dumps([begin, note, *plays]))
    told = {"stage": "test", "domain": "test", "site_root": f"{tmp_path}/site", "base_user": "root"}
    told |= {"cdn_url": f"http://127.0.0.1:{port}", "chat_url": f"http://127.0.0.1:{port}/post"}
    command = ["ansible-playbook", "-i", str(stage / "hosts.yml"), str(tmp_path / "play.json"), "-e", json.dumps(told)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    written = tmp_path / "site/ran"
    assert (written.read_text().splitlines() if written.exists() else []) == ran
    assert found == requests
