# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that verifies accepts what the authority has signed."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest
from moto.acm.models import CertBundle

from lab.local_cloud.authority import Authority, trust
from lab.local_cloud.settings import Settings


def shake_hands(path: Path, pem: bytes, trusted: Path, name: str) -> None:
    """One TLS handshake with a server that has the key and certificate `pem`. Raises ssl.SSLError."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    path.write_bytes(pem)
    server.load_cert_chain(path)
    client = ssl.create_default_context(cafile=str(trusted))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        thread.join()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose authority is trusted."""
    settings = Settings(directory=tmp_path)
    trust(settings, Authority(settings.authority_file).certificate)
    return settings


def test_a_certificate_of_acm_is_verified_once_it_is_signed(settings: Settings, tmp_path: Path) -> None:
    bundle = CertBundle.generate_cert("amy.example.test", "1", "us-east-1", sans=["www.example.test"])
    with pytest.raises(ssl.SSLError):
        shake_hands(tmp_path / "pem", bundle.key + bundle.cert, settings.authorities, "amy.example.test")
    signed = bundle.key + Authority(settings.authority_file).signed(bundle.cert)
    for name in ("amy.example.test", "www.example.test"):
        shake_hands(tmp_path / "pem", signed, settings.authorities, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(tmp_path / "pem", signed, settings.authorities, "other.example.test")


def test_an_address_has_a_certificate(settings: Settings, tmp_path: Path) -> None:
    pem = b"".join(Authority(settings.authority_file).issue(["10.77.0.1", "127.0.0.1"]))
    shake_hands(tmp_path / "pem", pem, settings.authorities, "10.77.0.1")


def test_the_key_is_kept_and_is_its_owners(settings: Settings) -> None:
    first = Authority(settings.authority_file).certificate
    assert Authority(settings.authority_file).certificate == first
    assert settings.authority_file.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in settings.authorities.read_bytes()


def test_several_authorities_are_trusted_each_once(settings: Settings, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other.pem").certificate
    for _ in range(2):
        trust(settings, other)
    assert settings.authorities.read_bytes().count(b"BEGIN CERTIFICATE") == 2
