# SPDX-License-Identifier: GPL-3.0-or-later
"""Every template of every role renders from the role's defaults, and the program that reads the file accepts it."""

from __future__ import annotations

import getpass
import grp
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.errors import AnsibleUndefinedVariable

from tests.templates import programs
from tests.templates.rendering import ROLES, Template, all_templates, render

if TYPE_CHECKING:
    from collections.abc import Callable

# The reader of a file by the end of its path, the first that fits. Files without one are only rendered.
READERS: dict[str, Callable[[str, Path], None]] = {
    "nginx/nginx.conf": programs.nginx,
    "gunicorn/gunicorn.conf": programs.supervisor,
    "rq_worker/rqworker.conf": programs.supervisor,
    "rq_scheduler/rqscheduler.conf": programs.supervisor,
    "programs/stage-programs.conf": programs.supervisor,
    "logrotate.conf": programs.logrotate,
    "/logrotate": programs.logrotate,
    ".service": programs.systemd_drop_in,
    "52amy-security-updates": programs.apt,
    ".json": programs.json_document,
}


def on_this_machine(role: str, folder: Path) -> dict[str, Any]:
    """Overrides that let a program check a file here: it looks whether users and folders exist."""
    user = getpass.getuser()
    return {
        f"{role}_user": user,
        f"{role}_group": grp.getgrgid(os.getgid()).gr_name,
        f"{role}_log_directory": str(folder),
        f"{role}_log_file": str(folder / "program.log"),
    }


def read(template: Template, folder: Path, **overrides: Any) -> None:
    """Render TEMPLATE and let its program read it."""
    text = render(template, **(on_this_machine(template.role, folder) | overrides))
    path = f"{template.role}/{template.output}"
    for end, reader in READERS.items():
        if path.endswith(end):
            reader(text, folder)
            return


@pytest.mark.parametrize("template", all_templates(), ids=str)
def test_defaults(template: Template, tmp_path: Path) -> None:
    read(template, tmp_path)


@pytest.mark.parametrize(
    ("path", "overrides"),
    [
        ("nginx/nginx.conf.j2", {"nginx_real_ip_from": []}),
        ("nginx/nginx.conf.j2", {"nginx_redirect_to_https": True}),
        ("nginx/nginx.conf.j2", {"nginx_server_names": ["a.example.test", "b.example.test"], "nginx_port": 8080}),
        ("base/52amy-security-updates.j2", {"base_security_updates": False}),
        ("base/amy.sources.j2", {"base_time_servers": []}),
    ],
)
def test_variants(path: str, overrides: dict[str, Any], tmp_path: Path) -> None:
    role, _, file = path.partition("/")
    read(Template(role=role, path=file), tmp_path, **overrides)


@pytest.mark.parametrize(
    ("path", "overrides", "complaint"),
    [
        ("nginx/nginx.conf.j2", {"nginx_client_max_body_size": "banana"}, "client_max_body_size"),
        ("gunicorn/gunicorn.conf.j2", {"gunicorn_log_size": "banana"}, "invalid literal"),
        ("nginx/logrotate.conf.j2", {"nginx_log_days": "banana"}, "bad rotation count"),
        ("supervisor/supervisor.service.j2", {"__supervisor_stop_timeout": "banana"}, "Failed to parse"),
    ],
)
def test_the_programs_do_refuse(path: str, overrides: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    role, _, file = path.partition("/")
    with pytest.raises(AssertionError, match=complaint):
        read(Template(role=role, path=file), tmp_path, **overrides)


@pytest.mark.parametrize(
    ("timeout", "waits", "seconds"),
    [(480, [], 480), (480, [450], 480), (480, [450, 500], 980), (1200, [450, 500], 1200), ("480", ["900", 0], 930)],
)
def test_systemd_waits_until_supervisord_has_ended_group_after_group(
    timeout: int | str, waits: list[int | str], seconds: int
) -> None:
    template = Template(role="supervisor", path="supervisor.service.j2")
    text = render(template, supervisor_stop_timeout=timeout, supervisor_stop_waits=waits)
    assert f"\nTimeoutStopSec={seconds}\n" in text


@pytest.fixture
def choices() -> dict[str, Any]:
    """What the stage of the other sample application says of what is deployed."""
    file = ROLES.parent / "lab/inventories/another/group_vars/all/release.yml"
    chosen: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return chosen


def test_gunicorn_serves_an_asgi_application_with_its_own_worker(choices: dict[str, Any], tmp_path: Path) -> None:
    template = Template(role="gunicorn", path="gunicorn.conf.j2")
    read(template, tmp_path, **choices)
    command = " ".join(render(template, **choices).partition("command=")[2].partition("directory=")[0].split())
    assert "gunicorn --bind " in command
    assert "--workers 4 --worker-class portal.server.PortalWorker" in command
    assert "--max-requests 0 " in command
    assert command.endswith(" portal.asgi:application")


def test_gunicorn_opens_its_control_socket_where_it_may_write() -> None:
    """Since 25.1 it opens one, by default below $HOME, which the application may not write."""
    program = render(Template(role="gunicorn", path="gunicorn.conf.j2"), gunicorn_socket="/run/other/g.sock")
    assert 'XDG_RUNTIME_DIR="/run/other"' in program
    folder = render(Template(role="gunicorn", path="tmpfiles.conf.j2"), gunicorn_socket="/run/other/g.sock")
    assert folder.splitlines()[-1].startswith("d /run/other 0750")


def test_gunicorn_takes_the_headers_that_nginx_lets_through() -> None:
    command = render(Template(role="gunicorn", path="gunicorn.conf.j2"))
    assert "--limit-request-line 0\n" in command
    # Where 0 is 8 KB, as in gunicorn 27, the size is needed.
    assert "--limit-request-field_size 20480\n" in command
    assert "large_client_header_buffers 8 20k;" in render(Template(role="nginx", path="nginx.conf.j2"))


def test_nginx_serves_files_and_health_where_the_application_has_them(choices: dict[str, Any], tmp_path: Path) -> None:
    template, wired = Template(role="nginx", path="nginx.conf.j2"), {"nginx_static_directory": "public/assets"}
    read(template, tmp_path, **choices, **wired)
    text = render(template, **choices, **wired)
    assert "location ^~ /assets/ {" in text
    assert "try_files /repo/public/assets$uri /static$uri =404;" in text
    assert "location ^~ /uploads/ {" in text
    assert "/shared/uploads;" in text
    assert "/healthz/" in text
    for ours in ("/static/", "/media/", "mediafiles", "/version/"):
        assert ours not in text


def test_undefined_variable_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.templates.rendering.VARIABLES", tmp_path)  # where no file sets nginx_domain
    with pytest.raises(AnsibleUndefinedVariable, match="nginx_domain"):
        render(Template(role="nginx", path="nginx.conf.j2"))


def test_markup_in_texts_is_escaped() -> None:
    page = render(Template(role="maintenance", path="page.html.j2"), maintenance_text="<script>")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_maintenance_page_is_short_enough_for_a_load_balancer_and_needs_nothing_else() -> None:
    page = render(
        Template(role="maintenance", path="page.html.j2"),
        maintenance_text="x" * 280,
        maintenance_until="2026-01-31T15:30Z",
    )
    assert "We plan to be back at 2026-01-31 15:30 UTC." in page
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_FixedResponseActionConfig.html
    assert len(page.encode()) <= 1024
    for reference in ("http://", "https://", "src=", "href="):
        assert reference not in page
