# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A CloudFront distribution that serves one path of a site: what it should be, whether it is, and making it so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

# AWS's own policies. CachingOptimized: neither cookies nor query strings nor the visitor's Host go to the origin, whose
# Cache-Control says for how long a file is kept. SimpleCORS: fonts and modules of another host need it.
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
SIMPLE_CORS = "60669652-455b-4ae9-85a4-c4c02393f86c"
ORIGIN = "site"
# What tells the entries of a list apart.
NAMES = ("Id", "PathPattern")
# A distribution that was switched off may be deleted when all places know of it; minutes.
LONGEST_SWITCH = 60


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The distribution: `path` of the site `origin`, from slash to slash, at the name `alias` if there is one."""

    name: str
    origin: str
    path: str
    alias: str
    certificate_arn: str
    price_class: str

    def config(self) -> dict[str, Any]:
        """Return it as CloudFront writes it."""
        return {
            "CallerReference": self.name,
            "Comment": self.name,
            "Enabled": True,
            "Aliases": _listed([self.alias] if self.alias else []),
            "Origins": _listed([self._origin()]),
            # CloudFront wants to know what to do with other paths, too. The site must not be reached by a name that it
            # does not know: they need a signature, and no key exists.
            "DefaultCacheBehavior": {**_behavior(), "TrustedSigners": {"Enabled": True, **_listed(["self"])}},
            "CacheBehaviors": _listed(
                [{**_behavior(), "PathPattern": f"{self.path}*", "TrustedSigners": {"Enabled": False, **_listed([])}}]
            ),
            "ViewerCertificate": self._certificate(),
            "PriceClass": self.price_class,
            "HttpVersion": "http2",
            "IsIPV6Enabled": True,
        }

    def _origin(self) -> dict[str, Any]:
        reached = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
        return {
            "Id": ORIGIN,
            "DomainName": self.origin,
            "OriginPath": "",
            "CustomHeaders": _listed([]),
            "CustomOriginConfig": {**reached, "OriginSslProtocols": _listed(["TLSv1.2"])},
        }

    def _certificate(self) -> dict[str, Any]:
        if not self.alias:
            return {"CloudFrontDefaultCertificate": True}
        return {
            "ACMCertificateArn": self.certificate_arn,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        }


def differences(wanted: Any, current: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield where, what is there and what is wanted, for all that is wanted; what is there besides does not count."""
    if isinstance(wanted, Mapping) and isinstance(current, Mapping):
        for key, value in wanted.items():
            yield from differences(value, current.get(key), f"{where}.{key}".lstrip("."))
    elif isinstance(wanted, list) and isinstance(current, list) and wanted and isinstance(wanted[0], Mapping):
        there = {_name(item): item for item in current}
        for item in wanted:
            yield from differences(item, there.get(_name(item)), f"{where}[{_name(item)}]")
    elif not _same(wanted, current):
        yield where, current, wanted


def merged(wanted: Any, current: Any) -> Any:
    """Return `current` with all that is wanted in it; CloudFront takes a whole configuration only."""
    if isinstance(wanted, Mapping) and isinstance(current, Mapping):
        return {**current, **{key: merged(value, current.get(key)) for key, value in wanted.items()}}
    if isinstance(wanted, list) and isinstance(current, list) and wanted and isinstance(wanted[0], Mapping):
        there = {_name(item): item for item in current}
        return [merged(item, there.get(_name(item))) for item in wanted]
    return deepcopy(wanted)


class Distributions:
    """The distributions of an account, told apart by their comments; `client` is boto3's. Its errors go through."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def find(self, name: str) -> dict[str, Any] | None:
        """Return what CloudFront's list says of a distribution; None without one."""
        pages = self._client.get_paginator("list_distributions").paginate()
        found = (item for page in pages for item in page["DistributionList"].get("Items", []))
        return next((item for item in found if item["Comment"] == name), None)

    def config(self, identifier: str) -> tuple[dict[str, Any], str]:
        """Return a distribution's configuration and the tag of this state of it."""
        answer = self._client.get_distribution_config(Id=identifier)
        return answer["DistributionConfig"], answer["ETag"]

    def create(self, wanted: Wanted, *, tags: Mapping[str, str]) -> str:
        """Create the distribution; return its domain name. A second call creates no second one, but fails."""
        labels = {"Items": [{"Key": key, "Value": value} for key, value in tags.items()]}
        config = {"DistributionConfig": wanted.config(), "Tags": labels}
        answer = self._client.create_distribution_with_tags(DistributionConfigWithTags=config)
        return str(answer["Distribution"]["DomainName"])

    def correct(self, wanted: Wanted, identifier: str) -> None:
        """Make a distribution what is wanted."""
        current, state = self.config(identifier)
        # A certificate of the other kind is no part of the new one.
        config = {**merged(wanted.config(), current), "ViewerCertificate": wanted.config()["ViewerCertificate"]}
        self._client.update_distribution(Id=identifier, IfMatch=state, DistributionConfig=config)

    def remove(self, identifier: str) -> None:
        """Switch a distribution off, wait until all places know, and delete it."""
        config, state = self.config(identifier)
        if config["Enabled"]:
            off = {**config, "Enabled": False}
            self._client.update_distribution(Id=identifier, IfMatch=state, DistributionConfig=off)
        waiter = self._client.get_waiter("distribution_deployed")
        waiter.wait(Id=identifier, WaiterConfig={"Delay": 60, "MaxAttempts": LONGEST_SWITCH})
        self._client.delete_distribution(Id=identifier, IfMatch=self.config(identifier)[1])


def _behavior() -> dict[str, Any]:
    return {
        "TargetOriginId": ORIGIN,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {**_listed(["GET", "HEAD"]), "CachedMethods": _listed(["GET", "HEAD"])},
        "Compress": True,
        "SmoothStreaming": False,
        "CachePolicyId": CACHING_OPTIMIZED,
        "ResponseHeadersPolicyId": SIMPLE_CORS,
        "LambdaFunctionAssociations": _listed([]),
        "FieldLevelEncryptionId": "",
    }


def _listed(items: list[Any]) -> dict[str, Any]:
    """CloudFront counts its lists, and leaves an empty one out."""
    return {"Quantity": len(items), **({"Items": items} if items else {})}


def _name(item: Mapping[str, Any]) -> str:
    return str(next(item[key] for key in NAMES if key in item))


def _same(wanted: Any, current: Any) -> bool:
    if isinstance(wanted, list) and isinstance(current, list):
        return sorted(wanted) == sorted(current)
    return bool(wanted == current)
