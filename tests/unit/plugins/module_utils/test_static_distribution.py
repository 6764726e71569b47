# SPDX-License-Identifier: GPL-3.0-or-later
"""A distribution becomes what is wanted, in moto; what CloudFront adds by itself is no difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from plugins.module_utils.static_distribution import Distributions, Wanted, differences

PLAIN = Wanted(
    name="amy-test-static",
    origin="test-amy.carpentries.org",
    path="/static/",
    alias="",
    certificate_arn="",
    price_class="PriceClass_100",
)
NAMED = replace(
    PLAIN, alias="static.carpentries.org", certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/1"
)


@pytest.fixture
def cloudfront(aws: Callable[[str], Any]) -> Any:
    return aws("cloudfront")


def unlike(cloudfront: Any, wanted: Wanted) -> list[str]:
    """Where the distribution is not what is wanted."""
    distributions = Distributions(cloudfront)
    found = distributions.find(wanted.name)
    assert found
    return [where for where, _, _ in differences(wanted.config(), distributions.config(found["Id"])[0])]


@pytest.mark.parametrize("wanted", [PLAIN, NAMED])
def test_what_was_created_is_what_was_wanted(cloudfront: Any, wanted: Wanted) -> None:
    assert Distributions(cloudfront).find(wanted.name) is None
    Distributions(cloudfront).create(wanted, tags={"Stage": "test"})
    assert unlike(cloudfront, wanted) == []


def test_only_the_path_is_served_to_those_who_have_no_key() -> None:
    config = NAMED.config()
    assert config["DefaultCacheBehavior"]["TrustedSigners"] == {"Enabled": True, "Quantity": 1, "Items": ["self"]}
    (open_to_all,) = config["CacheBehaviors"]["Items"]
    assert (open_to_all["PathPattern"], open_to_all["TrustedSigners"]["Enabled"]) == ("/static/*", False)


def test_a_difference_is_named_and_corrected(cloudfront: Any) -> None:
    distributions = Distributions(cloudfront)
    distributions.create(NAMED, tags={})
    moved = replace(NAMED, origin="amy.carpentries.org", price_class="PriceClass_All")
    assert unlike(cloudfront, moved) == ["Origins.Items[site].DomainName", "PriceClass"]
    found = distributions.find(NAMED.name)
    assert found
    distributions.correct(moved, found["Id"])
    assert unlike(cloudfront, moved) == []


def test_what_cloudfront_adds_and_how_it_sorts_is_no_difference() -> None:
    current = NAMED.config()
    (behavior,) = current["CacheBehaviors"]["Items"]
    behavior["AllowedMethods"] = {**behavior["AllowedMethods"], "Items": ["HEAD", "GET"]}
    behavior["GrpcConfig"] = {"Enabled": False}
    current["Origins"]["Items"][0]["ConnectionAttempts"] = 3
    current["Logging"] = {"Enabled": False}
    assert list(differences(NAMED.config(), current)) == []


def test_a_second_origin_is_a_difference() -> None:
    current = NAMED.config()
    current["Origins"] = {"Quantity": 2, "Items": [*current["Origins"]["Items"], {"Id": "other"}]}
    assert [where for where, _, _ in differences(NAMED.config(), current)] == ["Origins.Quantity"]


def test_a_distribution_is_switched_off_before_it_goes(cloudfront: Any) -> None:
    distributions = Distributions(cloudfront)
    distributions.create(PLAIN, tags={})
    found = distributions.find(PLAIN.name)
    assert found
    distributions.remove(found["Id"])
    assert distributions.find(PLAIN.name) is None


@pytest.mark.parametrize("wanted", [PLAIN, NAMED])
def test_it_is_what_cloudfront_takes(wanted: Wanted) -> None:
    """botocore knows the names and types of each call; nothing is sent."""
    make: Any = boto3.client
    client = make("cloudfront", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    shape = client.meta.service_model.operation_model("CreateDistribution").input_shape
    assert not ParamValidator().validate({"DistributionConfig": wanted.config()}, shape).has_errors()
