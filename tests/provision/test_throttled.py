# SPDX-License-Identifier: GPL-3.0-or-later
"""An API that refuses every third call: the stage comes to be all the same, and nothing in it is made twice.

The stage has a distribution for its static files. The tests are one story and are run in this order.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.provision.stage import Stage

pytestmark = pytest.mark.thorough

CHOICES = {"cloudfront": True, "static_cdn_alias": "static.carpentries.test"}


def distributions(stage: Stage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage.client("cloudfront").list_distributions()["DistributionList"].get("Items", [])
    return found


def test_the_first_run_succeeds_although_every_third_call_is_throttled(stage: Stage) -> None:
    stage.throttle(every=3)
    run = stage.play("provision")
    stage.calm()
    assert run.code == 0, run.output
    assert sum(count for action, count in stage.calls().items() if action.endswith("(fault)")) > 30


def test_the_second_run_changes_nothing(stage: Stage) -> None:
    run = stage.play("provision")
    assert run.code == 0, run.output
    assert run.changed == [], run.output
    instances = stage.client("ec2").describe_instances()["Reservations"]
    assert sum(len(reservation["Instances"]) for reservation in instances) == 5


def test_static_files_have_a_distribution_with_a_name_and_a_certificate(stage: Stage) -> None:
    (distribution,) = distributions(stage)
    assert distribution["Aliases"]["Items"] == ["static.carpentries.test"]
    certificate = stage.client("acm").describe_certificate(
        CertificateArn=distribution["ViewerCertificate"]["ACMCertificateArn"]
    )["Certificate"]
    assert (certificate["DomainName"], certificate["Status"]) == ("static.carpentries.test", "ISSUED")
    leads_to = stage.aliases("static.carpentries.test")
    assert set(leads_to) == {"A", "AAAA"}
    assert {name.rstrip(".") for name in leads_to.values()} == {distribution["DomainName"]}


def test_a_removed_stage_leaves_no_distribution_and_no_record_of_one(stage: Stage) -> None:
    run = stage.play("deprovision", "-e", "deprovision_confirm=local")
    assert run.code == 0, run.output
    assert distributions(stage) == []
    assert stage.aliases("static.carpentries.test") == {}
