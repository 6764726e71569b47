# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that AWS makes for its customers: made once and kept, because no replay can make the same key again.

A key's file is named by a value drawn from the seeded randomness of the request that asks for it, so the replayed
request finds the file that the first one wrote. Files are readable by their owner only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.acm.models import CertBundle
from moto.ec2.models import key_pairs
from moto.moto_api._internal import mock_random

from lab.local_cloud.authority import Authority


def install(directory: Path, authority: Authority) -> None:
    """Keep the keys of requested ACM certificates and of EC2 key pairs in `directory`; `authority` signs the former."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    _keep_certificates(directory, authority)
    key_pairs.random_rsa_key_pair = _kept_key_pair(directory, key_pairs.random_rsa_key_pair)
    key_pairs.random_ed25519_key_pair = _kept_key_pair(directory, key_pairs.random_ed25519_key_pair)


def _keep_certificates(directory: Path, authority: Authority) -> None:
    generate = CertBundle.generate_cert.__func__

    def generate_cert(cls: type, /, domain_name: str, account_id: str, region: str, **options: Any) -> Any:
        path = directory / f"{mock_random.get_random_hex(32)}.pem"
        if not path.exists():
            bundle = generate(cls, domain_name, account_id, region, **options)
            bundle.cert = authority.signed(bundle.cert)
            bundle._cert = bundle.validate_certificate()
            _write(path, bundle.key + bundle.cert)
            return bundle
        pem = path.read_bytes()
        start = pem.index(b"-----BEGIN CERTIFICATE-----")
        private = options.get("cert_authority_arn")
        return cls(
            certificate=pem[start:],
            private_key=pem[:start],
            cert_type="PRIVATE" if private else "AMAZON_ISSUED",
            cert_status="ISSUED" if private else "PENDING_VALIDATION",
            cert_authority_arn=private,
            account_id=account_id,
            region=region,
        )

    CertBundle.generate_cert = classmethod(generate_cert)


def _kept_key_pair(directory: Path, generate: Callable[[], Any]) -> Callable[[], Any]:
    def key_pair() -> Any:
        path = directory / f"{mock_random.get_random_hex(32)}.json"
        if not path.exists():
            details = generate()
            text = {name: value.decode() if isinstance(value, bytes) else value for name, value in details.items()}
            _write(path, json.dumps(text).encode())
            return details
        kept = json.loads(path.read_bytes())
        return {name: value.encode() if name.startswith("material") else value for name, value in kept.items()}

    return key_pair


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
