# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancer's own maintenance page, against moto."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from plugins.module_utils._alb_maintenance import MaintenanceApi, PageRefusedError, perform
from plugins.module_utils._aws_client import AwsError

if TYPE_CHECKING:
    from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client

PAGE = "<h1>Closed</h1>"


@pytest.fixture
def elbv2(aws: Callable[[str], Any]) -> ElasticLoadBalancingv2Client:
    """The API of an account with the load balancer `amy`, which has two listeners."""
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for number, zone in enumerate("ab")
    ]
    client: ElasticLoadBalancingv2Client = aws("elbv2")
    balancer = client.create_load_balancer(Name="amy", Subnets=[one["Subnet"]["SubnetId"] for one in subnets])
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    for port in (80, 8080):
        client.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTP",
            Port=port,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        )
    return client


def switch(client: ElasticLoadBalancingv2Client, page: str | None, *, name: str = "amy") -> list[str]:
    """Switch the page as the module does; returns the calls."""
    api = MaintenanceApi(client=client, name=name)
    steps = api.steps(api.look(), page=page)
    perform(steps, name=name)
    return [word for word, _ in steps]


def pages(client: ElasticLoadBalancingv2Client) -> list[str | None]:
    return [one.page for one in MaintenanceApi(client=client, name="amy").look()]


def listeners(client: ElasticLoadBalancingv2Client) -> list[str]:
    return [one.listener for one in MaintenanceApi(client=client, name="amy").look()]


def add_rule(client: ElasticLoadBalancingv2Client, priority: int) -> str:
    """Another person's rule on the first listener."""
    action: Any = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "robots"}}
    rule = client.create_rule(
        ListenerArn=listeners(client)[0],
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "Values": ["/robots.txt"]}],
        Actions=[action],
    )
    return rule["Rules"][0]["RuleArn"]


def test_the_page_goes_on_and_off_at_every_listener(elbv2: ElasticLoadBalancingv2Client) -> None:
    assert pages(elbv2) == [None, None]
    assert switch(elbv2, PAGE) == ["create_rule", "create_rule"]
    assert pages(elbv2) == [PAGE, PAGE]
    assert switch(elbv2, None) == ["delete_rule", "delete_rule"]
    assert pages(elbv2) == [None, None]


@pytest.mark.parametrize("page", [PAGE, None])
def test_switching_twice_changes_nothing(elbv2: ElasticLoadBalancingv2Client, page: str | None) -> None:
    switch(elbv2, page)
    assert switch(elbv2, page) == []


def test_another_text_replaces_the_page(elbv2: ElasticLoadBalancingv2Client) -> None:
    switch(elbv2, PAGE)
    assert switch(elbv2, "<h1>Still closed</h1>") == ["modify_rule", "modify_rule"]
    assert pages(elbv2) == ["<h1>Still closed</h1>"] * 2


def test_what_an_interrupted_run_has_left_out_is_done(elbv2: ElasticLoadBalancingv2Client) -> None:
    api = MaintenanceApi(client=elbv2, name="amy")
    perform(api.steps(api.look(), page=PAGE)[:1], name="amy")
    assert switch(elbv2, PAGE) == ["create_rule"]


def test_other_rules_stay(elbv2: ElasticLoadBalancingv2Client) -> None:
    other = add_rule(elbv2, 10)
    switch(elbv2, PAGE)
    switch(elbv2, None)
    assert elbv2.describe_rules(RuleArns=[other])["Rules"][0]["Priority"] == "10"


def test_a_rule_that_would_come_first_is_named_and_nothing_is_touched(elbv2: ElasticLoadBalancingv2Client) -> None:
    other = add_rule(elbv2, 1)
    with pytest.raises(PageRefusedError, match=f"set-rule-priorities --rule-priorities RuleArn={other}"):
        switch(elbv2, PAGE)
    assert pages(elbv2) == [None, None]
    assert switch(elbv2, None) == []


@pytest.mark.parametrize("length", [1024, 1025])
def test_a_page_is_measured_in_bytes(elbv2: ElasticLoadBalancingv2Client, length: int) -> None:
    page = "é" * (length // 2) + "x" * (length % 2)
    if length <= 1024:
        assert switch(elbv2, page)
    else:
        with pytest.raises(PageRefusedError, match="The page has 1025 bytes"):
            switch(elbv2, page)


def test_a_missing_load_balancer_tells_how_to_create_it(elbv2: ElasticLoadBalancingv2Client) -> None:
    with pytest.raises(AwsError, match="make provision"):
        switch(elbv2, PAGE, name="unknown")
