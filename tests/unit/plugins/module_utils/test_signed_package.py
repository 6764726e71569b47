# SPDX-License-Identifier: GPL-3.0-or-later
"""gpgv judges real signatures of two keys."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from plugins.module_utils.signed_package import SignatureError, binary_key, plain, verify


@dataclass(frozen=True)
class Signer:
    """A key of gpg's."""

    home: Path
    key: bytes
    fingerprint: str

    def sign(self, file: Path) -> Path:
        signature = file.with_name(f"{file.name}.{self.home.name}.sig")
        gpg(self.home, "--yes", "--output", str(signature), "--detach-sign", str(file))
        return signature


def gpg(home: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["gpg", "--homedir", str(home), "--batch", "--quiet", *arguments], check=True, capture_output=True
    ).stdout


def signer(home: Path) -> Iterator[Signer]:
    home.mkdir(mode=0o700)
    gpg(home, "--passphrase", "", "--quick-generate-key", home.name, "ed25519", "sign", "never")
    listing = gpg(home, "--with-colons", "--fingerprint").decode().splitlines()
    fingerprint = next(line.split(":")[9] for line in listing if line.startswith("fpr:"))
    yield Signer(home, gpg(home, "--armor", "--export"), fingerprint)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    yield from signer(tmp_path_factory.mktemp("keys") / "trusted")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    yield from signer(tmp_path_factory.mktemp("keys") / "stranger")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "package.deb"
    path.write_bytes(b"content")
    return path


def run(command: list[str]) -> tuple[int, str, str]:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def judge(package: Path, signature: Path, key: bytes, fingerprint: str) -> None:
    verify(package=package, signature=signature, key=key, fingerprint=fingerprint, folder=package.parent, run=run)


def test_good_signature(package: Path, trusted: Signer) -> None:
    judge(package, trusted.sign(package), trusted.key, trusted.fingerprint)
    judge(package, trusted.sign(package), binary_key(trusted.key), trusted.fingerprint)


def test_fingerprint_may_have_blanks(package: Path, trusted: Signer) -> None:
    text = trusted.fingerprint.lower()
    judge(package, trusted.sign(package), trusted.key, " ".join(text[i : i + 4] for i in range(0, 40, 4)))


def test_changed_package_is_refused(package: Path, trusted: Signer) -> None:
    signature = trusted.sign(package)
    package.write_bytes(b"other content")
    with pytest.raises(SignatureError, match="is not what was signed"):
        judge(package, signature, trusted.key, trusted.fingerprint)


def test_key_of_a_stranger_is_refused(package: Path, trusted: Signer, stranger: Signer) -> None:
    with pytest.raises(SignatureError, match=f"signed with the key {stranger.fingerprint}, but {trusted.fingerprint}"):
        judge(package, stranger.sign(package), stranger.key, trusted.fingerprint)


def test_signature_of_a_stranger_is_refused(package: Path, trusted: Signer, stranger: Signer) -> None:
    with pytest.raises(SignatureError, match="or the key is another one"):
        judge(package, stranger.sign(package), trusted.key, trusted.fingerprint)


def test_no_signature_at_all_is_refused(package: Path, trusted: Signer) -> None:
    with pytest.raises(SignatureError, match="is not what was signed"):
        judge(package, package, trusted.key, trusted.fingerprint)


@pytest.mark.parametrize(
    "key", [b"-----BEGIN PGP PUBLIC KEY BLOCK-----", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!\n-----END"]
)
def test_damaged_key_is_refused(key: bytes) -> None:
    with pytest.raises(SignatureError, match="public key is none"):
        binary_key(key)


@pytest.mark.parametrize("text", ["", "3B789C72", "x" * 40])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(SignatureError, match="no fingerprint"):
        plain(text)
