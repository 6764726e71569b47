# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that asks a release its health checks, within a real Django."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.http_proof import Check, ProofError
from ansible_collections.carpentries.amy.plugins.module_utils.release_health import PROGRAM, check_on_copy

SETTINGS = """
SECRET_KEY = "secret"
ALLOWED_HOSTS = ["amy.example.org"]
ROOT_URLCONF = "urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "copy"}}
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "there.is.no.such.host.invalid"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://no.host.invalid"}}
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
"""
URLS = """
from django.core.cache import cache
from django.core.mail import send_mail
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

def fail(request):
    raise ValueError("it does not work")

def mail(request):
    return HttpResponse(f"{send_mail('subject', 'text', 'a@example.org', ['b@example.org'])} sent")

def cached(request):
    cache.set("name", "value")
    return HttpResponse(cache.get("name"))

urlpatterns = [
    path("version/", lambda request: HttpResponse("4.7.0")),
    path("query/", lambda request: HttpResponse(request.GET["name"])),
    path("host/", lambda request: HttpResponse(request.get_host())),
    path("scheme/", lambda request: HttpResponse(request.scheme)),
    path("parts/", lambda request: StreamingHttpResponse(["a", "b"])),
    path("fail/", fail),
    path("mail/", mail),
    path("cached/", cached),
]
"""
MANAGE = """
import os, sys
from django.core.management import execute_from_command_line
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
execute_from_command_line(sys.argv)
"""
# What leads to a copy is PostgreSQL's, and the same for all programs.
NO_DATABASE = ""


def asked(folder: Path, *checks: Check, settings: str = SETTINGS) -> list[str]:
    """What is left in doubt of CHECKS."""
    (folder / "settings.py").write_text(settings)
    (folder / "urls.py").write_text(URLS)
    (folder / "manage.py").write_text(MANAGE)

    def execute(line: str) -> tuple[int, str, str]:
        environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "-c", PROGRAM],
            input=line,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    doubts: list[str] = check_on_copy(execute, checks=checks, database=NO_DATABASE, server=None)
    return doubts


def page(path: str, text: str, **headers: str) -> Check:
    return Check(path=path, host="amy.example.org", text=text, headers=headers)


def test_pages_are_answered_as_a_web_host_would_answer_them(tmp_path: Path) -> None:
    checks = [
        page("/version/", "4.7.0"),
        page("/query/?name=a%20b", "a b"),
        page("/scheme/", "https", **{"X-Forwarded-Proto": "https"}),
        page("/parts/", "ab"),
    ]
    assert asked(tmp_path, *checks) == []


def test_an_application_that_sends_visitors_to_https_is_asked_as_gunicorn_would_ask_it(tmp_path: Path) -> None:
    # Without SECURE_PROXY_SSL_HEADER it is gunicorn that believes nginx.
    settings = SETTINGS.replace("SECURE_PROXY_SSL_HEADER", "_") + "SECURE_SSL_REDIRECT = True\n"
    settings += 'MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]\n'
    secure = page("/scheme/", "https", **{"X-Forwarded-Proto": "https"})
    assert asked(tmp_path, secure, settings=settings) == []


def test_mail_goes_nowhere_and_no_cache_is_written(tmp_path: Path) -> None:
    assert asked(tmp_path, page("/mail/", "1 sent"), page("/cached/", "value")) == []


def test_a_text_that_is_never_shown_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ProofError) as raised:
        asked(tmp_path, page("/absent/", "x"), page("/version/", "v4.7.0"))
    told = str(raised.value)
    assert "GET /version/ as amy.example.org answered 200 without the text 'v4.7.0'. The answer began: 4.7.0" in told
    assert "the database itself is untouched" in told
    assert "/absent/" not in told


def test_a_page_at_which_the_application_fails_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ProofError, match=r"GET /fail/ as amy.example.org answered 500 \(expected 200\)"):
        asked(tmp_path, page("/fail/", "x"))


def test_what_a_web_host_may_answer_otherwise_is_left_to_it(tmp_path: Path) -> None:
    doubts = asked(tmp_path, page("/absent/", "x"), Check(path="/host/", host="other.example.org"))
    assert doubts == [
        "GET /absent/ as amy.example.org answered 404 (expected 200)",
        "GET /host/ as other.example.org answered 400 (expected 200)",
    ]
