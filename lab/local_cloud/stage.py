# SPDX-License-Identifier: GPL-3.0-or-later
"""`stage.json`: where the stage's parts are, for programs that do not want to ask the AWS API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from moto.acm.models import acm_backends
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends
from moto.route53.models import route53_backends

from .service import World
from .settings import Settings

DEFAULT_PORTS = {"http": 80, "https": 443}


class Stage:
    """Keeps `stage.json` equal to what moto's backends hold."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world
        self._written: dict[str, Any] | None = None

    def install(self) -> None:
        """Nothing to hook into: `tick` compares."""

    def after_replay(self) -> None:
        """Describe what the replay has brought back."""
        self.tick()

    def tick(self) -> None:
        """Write the file if the stage has changed."""
        description = self.describe()
        if description != self._written:
            draft = self._settings.stage_file.with_suffix(".draft")
            draft.write_text(json.dumps(description, indent=2) + "\n")
            draft.rename(self._settings.stage_file)
            self._written = description

    def close(self) -> None:
        """Remove the file: there is no stage any more."""
        self._settings.stage_file.unlink(missing_ok=True)

    def describe(self) -> dict[str, Any]:
        """Return the stage's description; what does not exist yet is null or empty."""
        balancer = next(iter(self._balancers()), None)
        urls = {} if balancer is None else _urls(balancer)
        tags = next((self._tags(instance) for instance in self._instances()), {})
        return {
            "project": tags.get("Project"),
            "stage": tags.get("Stage"),
            "aws_endpoint_url": self._settings.controller_endpoint,
            "load_balancer_url": urls.get("HTTP"),
            "load_balancer_https_url": urls.get("HTTPS"),
            "domain": self._domain(balancer) if balancer else None,
            "hosts": self._hosts(),
            "database": self._database(),
        }

    def _balancers(self) -> Any:
        return elbv2_backends[self._settings.account][self._settings.region].load_balancers.values()

    def _domain(self, balancer: Any) -> str | None:
        """Return the name that users type: the HTTPS certificate's, else that of the alias record of the balancer."""
        certificates = acm_backends[self._settings.account][self._settings.region]._certificates
        for listener in balancer.listeners.values():
            if listener.certificate in certificates:
                return str(certificates[listener.certificate].common_name)
        for zone in route53_backends[self._settings.account]["aws"].zones.values():
            for record in zone.rrsets:
                if record.alias_target and record.alias_target["DNSName"].rstrip(".") == balancer.dns_name:
                    return str(record.name).rstrip(".")
        return None

    def _hosts(self) -> list[dict[str, str]]:
        hosts = []
        for instance in self._instances():
            tags = self._tags(instance)
            hosts.append(
                {
                    "name": tags.get("Name", instance.id),
                    "instance_id": instance.id,
                    "role": tags["Role"],
                    "private_address": instance.private_ip_address,
                }
            )
        return sorted(hosts, key=lambda host: host["name"])

    def _instances(self) -> Iterator[Any]:
        """Yield the instances that run and are hosts of a stage."""
        for reservation in ec2_backends[self._settings.account][self._settings.region].reservations.values():
            for instance in reservation.instances:
                if instance.state == "running" and "Role" in self._tags(instance):
                    yield instance

    @staticmethod
    def _tags(instance: Any) -> dict[str, str]:
        return {tag["key"]: tag["value"] for tag in instance.get_tags()}

    def _database(self) -> dict[str, Any] | None:
        for database in rds_backends[self._settings.account][self._settings.region].databases.values():
            return {"host": str(database.address), "port": int(database.port), "name": database.db_name}
        return None


def _urls(balancer: Any) -> dict[str, str]:
    """Return the URL of the balancer's listeners, by protocol; of several of a kind, the last one's."""
    urls = {}
    for listener in balancer.listeners.values():
        scheme, port = listener.protocol.lower(), int(listener.port)
        suffix = "" if port == DEFAULT_PORTS[scheme] else f":{port}"
        urls[listener.protocol] = f"{scheme}://{balancer.local_address}{suffix}"
    return urls
