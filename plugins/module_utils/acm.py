# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates of AWS Certificate Manager: find, request, wait."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

POLL_SECONDS = 2
# A certificate in any other status will never serve and is requested again.
USABLE = ("PENDING_VALIDATION", "ISSUED")


class CertificateError(Exception):
    """ACM will not issue the certificate; the message says why and what to do."""


@dataclass(frozen=True)
class Certificate:
    """A certificate and the records ({name, type, value}) that prove its names."""

    arn: str
    status: str
    validation_records: list[dict[str, str]]

    def as_result(self) -> dict[str, Any]:
        """Return what the module returns."""
        return asdict(self)


def idempotency_token(names: list[str]) -> str:
    """Return ACM's token (at most 32 word characters) that makes two requests for the same names one."""
    return hashlib.sha256(",".join(names).encode()).hexdigest()[:32]


def validation_records(certificate: dict[str, Any]) -> list[dict[str, str]]:
    """Return the distinct records of a DescribeCertificate answer: a name and its wildcard share one."""
    records = {}
    for option in certificate.get("DomainValidationOptions", []):
        record = option.get("ResourceRecord")
        if record:
            records[record["Name"]] = {"name": record["Name"], "type": record["Type"], "value": record["Value"]}
    return list(records.values())


def covers(names: list[str], domain_name: str) -> bool:
    """Whether a certificate for `names` is one for `domain_name`, be it by a wildcard."""
    return domain_name in names or f"*.{domain_name.partition('.')[2]}" in names


def last_to_expire(client: Any, domain_name: str) -> tuple[str, datetime] | None:
    """ARN and end of the certificate for `domain_name` that is good for the longest time; None if there is none."""
    found = []
    pages = client.get_paginator("list_certificates").paginate(CertificateStatuses=["ISSUED", "EXPIRED"])
    for summary in (summary for page in pages for summary in page["CertificateSummaryList"]):
        certificate = client.describe_certificate(CertificateArn=summary["CertificateArn"])["Certificate"]
        if "NotAfter" in certificate and covers(certificate["SubjectAlternativeNames"], domain_name):
            found.append((str(summary["CertificateArn"]), certificate["NotAfter"]))
    return max(found, key=lambda each: each[1], default=None)


class Certificates:
    """Certificates of one account and region. `timeout` is in seconds; `clock` and `sleep` are given by tests."""

    def __init__(
        self,
        *,
        client: Any,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client = client
        self.timeout = timeout
        self.clock = clock
        self.sleep = sleep

    def request(
        self, *, domain_name: str, alternative_names: list[str], tags: dict[str, str], check_mode: bool
    ) -> tuple[Certificate, bool]:
        """Return the certificate for exactly these names, and whether it had to be requested.

        Raises CertificateError when ACM shows no validation record within the timeout: it makes them after the request.
        """
        names = sorted({domain_name, *alternative_names})
        arn = self._find(names)
        if arn:
            return self._with_records(arn), False
        if check_mode:
            return Certificate("", "PENDING_VALIDATION", []), True
        arn = self.client.request_certificate(
            DomainName=domain_name,
            SubjectAlternativeNames=[domain_name, *alternative_names],
            ValidationMethod="DNS",
            IdempotencyToken=idempotency_token(names),
            **({"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}),
        )["CertificateArn"]
        return self._with_records(arn), True

    def wait_until_issued(self, certificate: Certificate) -> Certificate:
        """Return the certificate once it is issued; raise CertificateError when it fails or the time is over."""
        deadline = self.clock() + self.timeout
        while True:
            answer = self._describe(certificate.arn)
            if answer["Status"] == "ISSUED":
                return Certificate(certificate.arn, "ISSUED", validation_records(answer))
            if answer["Status"] not in USABLE:
                reason = answer.get("FailureReason", "no reason given")
                raise CertificateError(f"its status is {answer['Status']} ({reason})")
            if self.clock() >= deadline:
                wanted = ", ".join(record["name"] for record in certificate.validation_records)
                raise CertificateError(
                    f"not issued within {self.timeout:.0f} s. ACM looks for {wanted}: "
                    "check that the hosted zone is the one that the domain's registrar names (dig NS), then run again."
                )
            self.sleep(POLL_SECONDS)

    def _describe(self, arn: str) -> dict[str, Any]:
        return dict(self.client.describe_certificate(CertificateArn=arn)["Certificate"])

    def _find(self, names: list[str]) -> str | None:
        pages = self.client.get_paginator("list_certificates").paginate(CertificateStatuses=list(USABLE))
        for summary in (summary for page in pages for summary in page["CertificateSummaryList"]):
            if summary["DomainName"] not in names:
                continue
            certificate = self._describe(summary["CertificateArn"])
            if (
                certificate.get("Type") == "AMAZON_ISSUED"
                and sorted(set(certificate["SubjectAlternativeNames"])) == names
            ):
                return str(summary["CertificateArn"])
        return None

    def _with_records(self, arn: str) -> Certificate:
        deadline = self.clock() + self.timeout
        while True:
            answer = self._describe(arn)
            records = validation_records(answer)
            if records:
                return Certificate(arn, answer["Status"], records)
            if self.clock() >= deadline:
                raise CertificateError(f"ACM shows no validation record within {self.timeout:.0f} s. Run again.")
            self.sleep(POLL_SECONDS)
