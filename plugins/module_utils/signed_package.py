# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a package bears the signature of the key that is expected. gpgv, which apt itself stands on, judges."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Callable

Run = Callable[["list[str]"], "tuple[int, str, str]"]

_ARMOR = re.compile(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.+?)(?:^=.+?)?-----END",
    re.DOTALL | re.MULTILINE,
)
# In a VALIDSIG line: the key that has signed, and at the end the primary key that it belongs to.
_SIGNED_BY = 0
_PRIMARY = -1


class SignatureError(Exception):
    """The package is not what was signed, or the signature is by a wrong key."""


def verify(*, package: Path, signature: Path, key: bytes, fingerprint: str, folder: Path, run: Run) -> None:
    """Return if `signature` is a good one of `package`, made with `key`, whose fingerprint is `fingerprint`.

    `key` may be armored; `folder` is for files of this function's. Raises SignatureError.
    """
    keyring = folder / "signer.gpg"
    keyring.write_bytes(binary_key(key))
    code, out, err = run(["gpgv", "--status-fd", "1", "--keyring", str(keyring), str(signature), str(package)])
    status = [line.removeprefix("[GNUPG:] ").split() for line in out.splitlines() if line.startswith("[GNUPG:] ")]
    words = {fields[0]: fields[1:] for fields in status if fields}
    if code != 0 or "GOODSIG" not in words or "VALIDSIG" not in words:
        raise SignatureError(f"{package.name} is not what was signed, or the key is another one: {err.strip()}")
    expected = plain(fingerprint)
    found = words["VALIDSIG"]
    if expected not in (found[_SIGNED_BY], found[_PRIMARY]):
        raise SignatureError(
            f"{package.name} is signed with the key {found[_PRIMARY]}, but {expected} is the one that is trusted"
        )


def plain(fingerprint: str) -> str:
    """Return a fingerprint without the blanks that people write, in capitals. Raises SignatureError if it is none."""
    text = "".join(fingerprint.split()).upper()
    if not re.fullmatch(r"[0-9A-F]{40}", text):
        raise SignatureError(f"{fingerprint!r} is no fingerprint of a key: that has 40 hexadecimal digits")
    return text


def binary_key(key: bytes) -> bytes:
    """Return an exported public key without its armor. Raises SignatureError if the armor is damaged."""
    if b"-----BEGIN" not in key:
        return key
    found = _ARMOR.search(key)
    try:
        return base64.b64decode(b"".join(found[1].split()), validate=True) if found else _no_key()
    except binascii.Error:
        return _no_key()


def _no_key() -> bytes:
    raise SignatureError("What should be the signer's public key is none")
