# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to the server that copies of the database are made on, as libpq reads it."""

from __future__ import annotations

import configparser
import json
from typing import Any

import pytest

from tests.templates.rendering import Template, render

ELSEWHERE = {"database_backup_rehearsal_host": "copies.example.test", "database_backup_rehearsal_user": "copier"}


def rendered(path: str, choices: dict[str, Any]) -> str:
    return render(Template(role="database_backup", path=f"{path}.j2"), **choices)


@pytest.mark.parametrize(("choices", "service"), [({}, "amy"), (ELSEWHERE, "rehearsal")])
def test_the_service_of_copies_is_described(choices: dict[str, Any], service: str) -> None:
    services = configparser.ConfigParser()
    services.read_string(rendered("pg_service.conf", choices))
    assert json.loads(rendered("settings.json", choices))["rehearsal_service"] == service
    assert set(services.sections()) == {"amy", service}
    assert services["amy"]["host"] == "database.example.test"
    assert services[service]["host"] == choices.get("database_backup_rehearsal_host", "database.example.test")


def test_each_service_has_its_user_and_password() -> None:
    choices = {**ELSEWHERE, "database_backup_rehearsal_password": "other"}
    services = configparser.ConfigParser()
    services.read_string(rendered("pg_service.conf", choices))
    assert (services["amy"]["user"], services["rehearsal"]["user"]) == ("amy", "copier")
    assert services["rehearsal"]["passfile"] == "/etc/amy-database/rehearsal.pgpass"
    assert rendered("rehearsal.pgpass", choices) == "*:*:*:copier:other\n"
    assert rendered("pgpass", choices) == rendered("rehearsal.pgpass", {}) == "*:*:*:amy:a\\:b\\\\c\n"
