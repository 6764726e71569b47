# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask a release its own health checks before it serves: within its own Django, on a migrated copy of the database.

It finds the text that a release never shows before the database itself is migrated. No server is started, e-mails go
nowhere, and caches are kept in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from ._release_program import PRELUDE, Execute, ask
from .http_proof import Answer, Check, ProofError, difference, excerpt

# A page that takes longer, in seconds, or is longer, in characters, tells nothing.
TIMEOUT = 30
LARGEST = 1 << 20

PROGRAM = (
    PRELUDE
    + r"""
import signal
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings

def give_up(*_):
    raise TimeoutError(f"no answer in {order['timeout']} s")

def answer(check):
    signal.alarm(order["timeout"])
    try:
        client = Client(raise_request_exception=False)
        response = client.get(check["path"], secure=check["secure"], HTTP_HOST=check["host"], **check["headers"])
        return {"status": response.status_code, "body": response.getvalue().decode(errors="replace")[:order["largest"]]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        signal.alarm(0)

signal.signal(signal.SIGALRM, give_up)
memory = {name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"} for name in settings.CACHES}
with override_settings(CACHES=memory, EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"):
    answers = [answer(check) for check in order["checks"]]
print("\n" + json.dumps({"answers": answers}))
"""
)


def check_on_copy(
    execute: Execute, *, checks: Sequence[Check], database: str, server: dict[str, Any] | None
) -> list[str]:
    """Return what the answers leave in doubt, each in a sentence: it may be the web host that is missing here.

    `database` is the copy's name; `server` leads to it if it is not on the server that the release's settings name.
    Raises ProofError for a page that is answered as it should be but for its text, and for one at which the application
    itself fails: no host would make another of it.
    Raises ReleaseProgramError if the release cannot be asked.
    """
    order = {
        "database": database,
        "server": server,
        "timeout": TIMEOUT,
        "largest": LARGEST,
        "checks": [
            {"path": check.path, "host": check.host, "secure": check.is_secure, "headers": _meta(check)}
            for check in checks
        ],
    }
    answers = [Answer(**answer) for answer in ask(execute, order)["answers"]]
    wrong = [(check, answer, why) for check, answer in zip(checks, answers) if (why := difference(check, answer))]
    certain = [(check, answer, why) for check, answer, why in wrong if _is_certain(check, answer)]
    if certain:
        told = "; ".join(f"{check} {why}" for check, _answer, why in certain)
        raise ProofError(
            f"The release does not show what its health checks want: {told}.{excerpt(certain[0][1])}\n"
            "It was asked on a copy of today's database; the database itself is untouched. Correct the release, or "
            "release_health_checks: {version} in a text is {release} without its v."
        )
    return [f"{check} {why}" for check, _answer, why in wrong]


def _is_certain(check: Check, answer: Answer) -> bool:
    """Whether a web host would answer like that, too. A copy may be slower than the database itself."""
    failed = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or bool(answer.error)
    return answer.status in check.status or (failed and not answer.error.startswith(TimeoutError.__name__))


def _meta(check: Check) -> dict[str, str]:
    """The check's headers as WSGI names them."""
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in check.headers.items()}
