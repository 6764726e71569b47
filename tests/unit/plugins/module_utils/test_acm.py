# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from plugins.module_utils.acm import (
    Certificate,
    CertificateError,
    Certificates,
    idempotency_token,
    validation_records,
)

RECORD = {"Name": "_a.amy.test.", "Type": "CNAME", "Value": "_b.acm.test."}
DOMAIN = {"DomainName": "amy.test", "ValidationMethod": "DNS", "ResourceRecord": RECORD}
PROOF = {"name": "_a.amy.test.", "type": "CNAME", "value": "_b.acm.test."}


class Acm:
    """ACM with the certificates given; each describe takes the next status, the last one for ever."""

    def __init__(self, *, names: list[str] | None = None, statuses: list[str] | None = None) -> None:
        self.names = names
        self.statuses = statuses or ["PENDING_VALIDATION"]
        self.requests: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> Acm:
        assert operation == "list_certificates"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        found = [{"DomainName": self.names[0], "CertificateArn": "arn:1"}] if self.names else []
        return [{"CertificateSummaryList": found}]

    def describe_certificate(self, **_: Any) -> dict[str, Any]:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {
            "Certificate": {
                "Status": status,
                "Type": "AMAZON_ISSUED",
                "SubjectAlternativeNames": self.names or [],
                "DomainValidationOptions": [DOMAIN],
                "FailureReason": "CAA_ERROR",
            }
        }

    def request_certificate(self, **request: Any) -> dict[str, str]:
        self.requests.append(request)
        return {"CertificateArn": "arn:new"}


class Clock:
    """Seconds that pass only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def certificates(acm: Acm) -> Certificates:
    clock = Clock()
    return Certificates(client=acm, timeout=10, clock=clock, sleep=clock.sleep)


def request(acm: Acm, *, check_mode: bool = False, names: list[str] | None = None) -> tuple[Certificate, bool]:
    return certificates(acm).request(
        domain_name="amy.test", alternative_names=names or [], tags={"Stage": "test"}, check_mode=check_mode
    )


def test_a_certificate_for_the_same_names_is_kept() -> None:
    acm = Acm(names=["amy.test"])
    assert request(acm) == (Certificate("arn:1", "PENDING_VALIDATION", [PROOF]), False)
    assert acm.requests == []


def test_a_certificate_for_other_names_is_not_taken_for_ours() -> None:
    acm = Acm(names=["amy.test", "other.test"])
    assert request(acm)[1] is True
    assert acm.requests[0]["Tags"] == [{"Key": "Stage", "Value": "test"}]


def test_check_mode_requests_nothing() -> None:
    acm = Acm()
    assert request(acm, check_mode=True) == (Certificate("", "PENDING_VALIDATION", []), True)
    assert acm.requests == []


def test_waiting_ends_when_the_certificate_is_issued() -> None:
    acm = Acm(statuses=["PENDING_VALIDATION", "PENDING_VALIDATION", "ISSUED"])
    assert certificates(acm).wait_until_issued(Certificate("arn:1", "PENDING_VALIDATION", [PROOF])).status == "ISSUED"


@pytest.mark.parametrize(
    ("statuses", "message"),
    [(["PENDING_VALIDATION"], r"not issued within 10 s.*_a\.amy\.test"), (["FAILED"], r"FAILED \(CAA_ERROR\)")],
)
def test_waiting_fails_with_the_reason(statuses: list[str], message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        certificates(Acm(statuses=statuses)).wait_until_issued(Certificate("arn:1", "PENDING_VALIDATION", [PROOF]))


def test_a_name_and_its_wildcard_share_one_record() -> None:
    assert validation_records({"DomainValidationOptions": [DOMAIN, DOMAIN, {"DomainName": "late.test"}]}) == [PROOF]


def test_the_token_fits_the_limit_of_acm() -> None:
    assert len(idempotency_token(["a" * 200, "b"])) == 32
