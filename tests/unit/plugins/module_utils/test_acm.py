# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from plugins.module_utils.acm import (
    Certificate,
    CertificateError,
    Certificates,
    covers,
    idempotency_token,
    last_to_expire,
    validation_records,
)

START = datetime(2026, 1, 31, tzinfo=timezone.utc)
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


class Inventory:
    """ACM with one certificate for each number of days; they are for names that are given by their ARN."""

    def __init__(self, **names_and_days: tuple[list[str], int | None]) -> None:
        self.certificates = names_and_days

    def get_paginator(self, operation: str) -> Inventory:
        assert operation == "list_certificates"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"CertificateSummaryList": [{"CertificateArn": arn}]} for arn in self.certificates]

    def describe_certificate(self, **wanted: str) -> dict[str, Any]:
        names, days = self.certificates[wanted["CertificateArn"]]
        end = {} if days is None else {"NotAfter": START + timedelta(days=days)}
        return {"Certificate": {"SubjectAlternativeNames": names, **end}}


def test_the_certificate_that_counts_is_the_one_that_expires_last() -> None:
    acm = Inventory(
        old=(["amy.test"], -5),
        wildcard=(["*.test"], 200),
        other=(["other.test"], 900),
        pending=(["amy.test"], None),
    )
    assert last_to_expire(acm, "amy.test") == ("wildcard", START + timedelta(days=200))
    assert last_to_expire(acm, "amy.elsewhere") is None


@pytest.mark.parametrize(
    ("names", "covered"),
    [(["amy.test"], True), (["www.test", "amy.test"], True), (["*.test"], True), (["*.amy.test"], False)],
)
def test_names_cover_a_domain(names: list[str], covered: bool) -> None:
    assert covers(names, "amy.test") is covered
