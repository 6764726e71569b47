# SPDX-License-Identifier: GPL-3.0-or-later
"""ACM: a requested certificate is issued once its validation record is in Route 53; chains are AWS's."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from moto.acm.models import AWS_ROOT_CA, CertBundle, acm_backends
from moto.core.utils import utcnow
from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend
from moto.route53.models import route53_backends

from lab.local_cloud.service import after


class UnsupportedCertificateError(ELBClientError):  # type: ignore[misc]
    """What ELBv2 says of a certificate that is not issued yet."""

    def __init__(self, arn: str) -> None:
        message = (
            f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, "
            "and a supported key size."
        )
        super().__init__("UnsupportedCertificate", message)


def install() -> None:
    """Correct validation, chains, and the use of certificates by load balancers."""
    after(CertBundle, ["__init__"], _drop_invented_root)
    CertBundle.check = _check
    _refuse_pending_certificates()


def _drop_invented_root(_name: str, certificate: CertBundle, *_: Any) -> None:
    """AWS returns an imported chain as it came, and acm_certificate compares the two."""
    if certificate.type == "IMPORTED":
        certificate.chain = certificate.chain.replace(AWS_ROOT_CA, b"").strip() or certificate.cert


def _check(certificate: CertBundle) -> None:
    """Follow expiry and validation: once issued, a certificate stays issued without its record."""
    if certificate._not_valid_after(certificate._cert) <= utcnow():
        certificate.status = "EXPIRED"
    elif certificate.status == "PENDING_VALIDATION" and _is_validated(certificate):
        certificate.status = "ISSUED"


def _is_validated(certificate: CertBundle) -> bool:
    account = certificate.arn.split(":")[4]
    present = set(_public_cnames(account))
    options = certificate.describe()["Certificate"]["DomainValidationOptions"]
    wanted = {
        (_normal(option["ResourceRecord"]["Name"]), _normal(option["ResourceRecord"]["Value"])) for option in options
    }
    return wanted <= present


def _public_cnames(account: str) -> Iterable[tuple[str, str]]:
    for zone in route53_backends[account]["aws"].zones.values():
        if zone.private_zone:
            continue
        for record in zone.rrsets:
            if record.type == "CNAME":
                yield from ((_normal(record.name), _normal(value)) for value in record.records)


def _normal(name: str) -> str:
    return re.sub(r"\.?$", "", name).lower()


def _refuse_pending_certificates() -> None:
    def refuse(backend: ELBv2Backend, arns: Iterable[str]) -> None:
        certificates = acm_backends[backend.account_id][backend.region_name]._certificates
        for arn in arns:
            if arn in certificates:
                certificates[arn].check()
                if certificates[arn].status != "ISSUED":
                    raise UnsupportedCertificateError(arn)

    create, modify, add = (
        ELBv2Backend.create_listener,
        ELBv2Backend.modify_listener,
        ELBv2Backend.add_listener_certificates,
    )

    def create_listener(self: ELBv2Backend, *args: Any, **options: Any) -> Any:
        certificate = inspect.signature(create).bind(self, *args, **options).arguments["certificate"]
        refuse(self, [certificate] if certificate else [])
        return create(self, *args, **options)

    def modify_listener(self: ELBv2Backend, *args: Any, **options: Any) -> Any:
        given = inspect.signature(modify).bind(self, *args, **options).arguments.get("certificates")
        refuse(self, [certificate["CertificateArn"] for certificate in given or []])
        return modify(self, *args, **options)

    def add_listener_certificates(self: ELBv2Backend, arn: str, certificates: list[dict[str, Any]]) -> Any:
        refuse(self, [certificate["CertificateArn"] for certificate in certificates])
        return add(self, arn, certificates)

    ELBv2Backend.create_listener = create_listener
    ELBv2Backend.modify_listener = modify_listener
    ELBv2Backend.add_listener_certificates = add_listener_certificates
