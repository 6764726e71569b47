# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from lab.local_cloud.metadata import redirection
from lab.local_cloud.metadata_answers import Facts, Role, Tokens, answer, token_seconds
from lab.local_cloud.settings import Settings

HERE, THERE = IPv4Address("10.77.0.4"), IPv4Address("10.77.0.5")
FACTS = Facts(
    instance_id="i-1",
    address=HERE,
    hostname="ip-10-77-0-4.ec2.internal",
    mac="02:00:00:00:00:01",
    account="123456789012",
    region="us-east-1",
    zone="us-east-1a",
    image_id="ami-1",
    instance_type="t3.micro",
)
ROLE = Role(name="web", profile_arn="arn:p", profile_id="AIPA", credentials=lambda: {"AccessKeyId": "ASIA"})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/latest/meta-data/instance-id", "i-1"),
        ("/latest/meta-data/local-ipv4", "10.77.0.4"),
        ("/latest/meta-data/placement/region", "us-east-1"),
        ("/latest/meta-data/placement/", "availability-zone\nregion"),
        ("/latest", "dynamic/\nmeta-data/"),
        ("/latest/meta-data/instance-id/more", None),
        ("/latest/meta-data/tags/", None),
        ("/latest/meta-data/iam/info", None),
        ("/latest/user-data", None),
        ("/1999-01-01/meta-data/", None),
        ("/", None),
    ],
)
def test_answers(path: str, text: str | None) -> None:
    assert answer(FACTS, path) == text


def test_directories_end_in_a_slash_as_sdks_expect() -> None:
    listing = answer(replace(FACTS, role=ROLE), "/latest/meta-data/")
    assert listing is not None
    assert {"placement/", "iam/", "instance-id"} <= set(listing.split("\n"))


def test_role_is_listed_and_its_credentials_are_made_when_asked_for() -> None:
    facts = replace(FACTS, role=ROLE)
    assert answer(facts, "/latest/meta-data/iam/security-credentials/") == "web"
    assert json.loads(answer(facts, "/latest/meta-data/iam/security-credentials/web") or "") == {"AccessKeyId": "ASIA"}
    assert json.loads(answer(facts, "/latest/meta-data/iam/info") or "")["InstanceProfileArn"] == "arn:p"


def test_tags_are_shown_only_where_enabled() -> None:
    assert answer(replace(FACTS, tags={"Role": "web"}), "/latest/meta-data/tags/instance/Role") == "web"


def test_identity_document_names_the_instance() -> None:
    document = json.loads(answer(FACTS, "/latest/dynamic/instance-identity/document") or "")
    assert (document["instanceId"], document["region"], document["accountId"]) == ("i-1", "us-east-1", "123456789012")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1", 1), ("21600", 21600), ("21601", None), ("0", None), ("-1", None), ("x", None), ("", None), (None, None)],
)
def test_token_lifetime(header: str | None, seconds: int | None) -> None:
    assert token_seconds(header) == seconds


def test_token_is_good_for_its_time_its_address_and_its_server() -> None:
    tokens = Tokens(b"secret")
    token = tokens.issue(HERE, now=100.0, seconds=60)
    assert tokens.accepts(token, HERE, now=159.0)
    assert not tokens.accepts(token, HERE, now=161.0)
    assert not tokens.accepts(token, THERE, now=101.0)
    assert not Tokens(b"other").accepts(token, HERE, now=101.0)
    assert not tokens.accepts(token.replace("160", "999", 1), HERE, now=101.0)
    for nonsense in ("", "-", "x-y", "999"):
        assert not tokens.accepts(nonsense, HERE, now=101.0)


def test_redirection_is_for_the_bridge_only() -> None:
    assert 'iifname "amycloud0" ip daddr 169.254.169.254 tcp dport 80 dnat to 10.77.0.1:5080' in redirection(Settings())
