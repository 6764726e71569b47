# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud's certificate authority: ACM's certificates are signed by it, so a client can verify them."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from lab.local_cloud.settings import Settings

DAYS = 3650
# The name that moto gives to the issuer of ACM's certificates.
NAME = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Amazon"),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Server CA 1B"),
        x509.NameAttribute(NameOID.COMMON_NAME, "Amazon"),
    ]
)


class Authority:
    """A key and its self-signed certificate, kept in the file `path`, which only its owner reads."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(_new_root())
        pem = path.read_bytes()
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{path} holds no elliptic curve key; remove it, and a new authority is made")
        self._key = key
        self._root = x509.load_pem_x509_certificate(pem)

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, for those who are to trust it, as PEM."""
        return self._root.public_bytes(Encoding.PEM)

    def signed(self, pem: bytes) -> bytes:
        """The certificate in `pem`, with all that it says of its subject, signed by this authority."""
        found = x509.load_pem_x509_certificate(pem)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        begin, end = found.not_valid_before_utc, found.not_valid_after_utc
        return self._sign(found.subject, names, found.public_key(), begin, end)

    def issue(self, addresses: Iterable[str]) -> tuple[bytes, bytes]:
        """A new key and a certificate of IP addresses, each as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address)) for address in addresses])
        certificate = self._sign(x509.Name([]), names, key.public_key(), *_validity())
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), certificate

    def _sign(
        self,
        subject: x509.Name,
        names: x509.SubjectAlternativeName,
        key: CertificatePublicKeyTypes,
        begin: datetime.datetime,
        end: datetime.datetime,
    ) -> bytes:
        builder = x509.CertificateBuilder(NAME, subject, key, x509.random_serial_number(), begin, end)
        own_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(own_key, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(names, critical=not list(subject))
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


def trust(settings: Settings, certificate: bytes) -> None:
    """Let clients of the stage trust an authority, too: its certificate (PEM) is in the file that they read."""
    path = settings.authorities
    known = path.read_bytes() if path.exists() else b""
    if certificate not in known:
        draft = path.with_suffix(".draft")
        draft.write_bytes(known + certificate)
        draft.rename(path)


def _validity() -> tuple[datetime.datetime, datetime.datetime]:
    now = datetime.datetime.now(tz=datetime.UTC)
    return now - datetime.timedelta(hours=1), now + datetime.timedelta(days=DAYS)


def _new_root() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    signs_only = dict.fromkeys(
        ("content_commitment", "data_encipherment", "digital_signature", "key_agreement", "key_encipherment"), False
    )
    usage = x509.KeyUsage(key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False, **signs_only)
    root = (
        x509.CertificateBuilder(NAME, NAME, public, x509.random_serial_number(), *_validity())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret + root.public_bytes(Encoding.PEM)
