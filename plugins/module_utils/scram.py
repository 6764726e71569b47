# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The form in which PostgreSQL keeps a password: a server that logs statements logs this, and not the password."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode

# PostgreSQL's own default: https://www.postgresql.org/docs/current/runtime-config-connection.html
ITERATIONS = 4096


def verifier(password: str, *, salt: bytes) -> str:
    """Return the password's verifier as `pg_authid` has it; `salt` are 16 random bytes.

    RFC 5803 says what it is made of. Raises ValueError for a password with other characters than those of printable
    ASCII: others would have to be normalized first, by SASLprep.
    """
    if not password or not all(" " <= letter <= "~" for letter in password):
        raise ValueError("a password of a database's user has printable characters of ASCII only")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(_keyed(salted, b"Client Key")).digest()
    keys = f"{_text(stored)}:{_text(_keyed(salted, b'Server Key'))}"
    return f"SCRAM-SHA-256${ITERATIONS}:{_text(salt)}${keys}"


def _keyed(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


def _text(value: bytes) -> str:
    return b64encode(value).decode()
