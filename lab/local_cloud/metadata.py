# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance metadata service: 169.254.169.254 for the machines on the bridge, answered by who asks."""

from __future__ import annotations

import datetime
import logging
import secrets
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from lab.local_cloud import nftables
from lab.local_cloud.machine_plan import hostname
from lab.local_cloud.metadata_answers import Facts, Role, Tokens, answer, token_seconds
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings

logger = logging.getLogger(__name__)

TOKEN_HEADER = "X-aws-ec2-metadata-token"  # noqa: S105  # a header's name
CREDENTIAL_SECONDS = 6 * 3600
# AWS shows new credentials at least five minutes before the old ones end.
RENEWAL_SECONDS = 15 * 60


def redirection(settings: Settings) -> str:
    """The nftables table that brings 169.254.169.254 to our server, on the bridge only."""
    server = f"{settings.gateway}:{settings.metadata_port}"
    return f"""\
add table {settings.metadata_table}
delete table {settings.metadata_table}
table {settings.metadata_table} {{
  chain prerouting {{
    type nat hook prerouting priority dstnat - 5; policy accept;
    iifname "{settings.bridge}" ip daddr 169.254.169.254 tcp dport 80 dnat to {server}
  }}
}}
"""


class Metadata:
    """Answers instances about themselves, by their source address. It only reads, so it needs no lock."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world
        self._tokens = Tokens(secrets.token_bytes(32))
        self._credentials: dict[tuple[str, str], Any] = {}

    def install(self) -> None:
        """Nothing to hook into: every answer is made from moto's state at the time."""

    def after_replay(self) -> None:
        """Listen on the gateway and redirect the well-known address to it."""
        address = (str(self._settings.gateway), self._settings.metadata_port)
        server = ThreadingHTTPServer(address, _handler(self))
        threading.Thread(target=server.serve_forever, name="metadata", daemon=True).start()
        nftables.load(redirection(self._settings))

    def tick(self) -> None:
        """Nothing to follow."""

    def close(self) -> None:
        """Remove the redirection; the server ends with its process."""
        nftables.remove_table(self._settings.metadata_table)

    def put_token(self, address: IPv4Address, lifetime: str | None, *, forwarded: bool) -> tuple[int, str]:
        """Answer `PUT /latest/api/token`: status and body. A proxy's request is refused, as it may be an attacker's."""
        seconds = token_seconds(lifetime)
        if forwarded:
            return HTTPStatus.FORBIDDEN, ""
        if seconds is None:
            return HTTPStatus.BAD_REQUEST, ""
        return HTTPStatus.OK, self._tokens.issue(address, now=time.time(), seconds=seconds)

    def get(self, address: IPv4Address, path: str, token: str | None) -> tuple[int, str]:
        """Answer a GET: status and body."""
        instance = self._instance(address)
        if instance is None:
            return HTTPStatus.NOT_FOUND, ""
        if instance.metadata_options.http_endpoint == "disabled":
            return HTTPStatus.FORBIDDEN, ""
        facts = self._facts(instance)
        if token is None and facts.token_required:
            return HTTPStatus.UNAUTHORIZED, ""
        if token is not None and not self._tokens.accepts(token, address, now=time.time()):
            return HTTPStatus.UNAUTHORIZED, ""
        text = answer(facts, path)
        return (HTTPStatus.NOT_FOUND, "") if text is None else (HTTPStatus.OK, text)

    def _instance(self, address: IPv4Address) -> Any:
        for reservation in list(ec2_backends[self._settings.account][self._settings.region].reservations.values()):
            for instance in reservation.instances:
                if instance.state != "terminated" and instance.private_ip_address == str(address):
                    return instance
        return None

    def _facts(self, instance: Any) -> Facts:
        address = IPv4Address(instance.private_ip_address)
        key_pair = instance.ec2_backend.key_pairs.get(instance.key_name)
        options = instance.metadata_options
        groups = instance.security_groups or instance.nics[0].group_set
        return Facts(
            instance_id=instance.id,
            address=address,
            hostname=hostname(address, self._settings.region),
            mac=instance.nics[0].mac_address,
            account=self._settings.account,
            region=self._settings.region,
            zone=instance.availability_zone,
            image_id=instance.image_id,
            instance_type=instance.instance_type,
            security_groups=tuple(group.name for group in groups),
            public_key=key_pair.material_public.decode() if key_pair else None,
            role=self._role(instance),
            tags={tag["key"]: tag["value"] for tag in instance.get_tags()}
            if options.instance_metadata_tags == "enabled"
            else None,
            user_data=instance.user_data.decode() if instance.user_data else None,
            token_required=options.http_tokens == "required",
            launch_time=_iso(instance.launch_time),
        )

    def _role(self, instance: Any) -> Role | None:
        association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
        if association is None:
            return None
        profile = iam_backends[self._settings.account]["aws"].get_instance_profile(
            association.iam_instance_profile.name
        )
        if not profile.roles:
            return None
        role = profile.roles[0]
        return Role(
            name=role.name,
            profile_arn=profile.arn,
            profile_id=profile.id,
            credentials=lambda: self._credentials_of(instance.id, role.arn),
        )

    def _credentials_of(self, instance_id: str, role_arn: str) -> dict[str, str]:
        """Temporary credentials as STS knows them, so that GetCallerIdentity names the role and the instance."""
        now = datetime.datetime.now(tz=datetime.UTC).replace(tzinfo=None)
        assumed = self._credentials.get((instance_id, role_arn))
        if assumed is None or (assumed.expiration.replace(tzinfo=None) - now).total_seconds() < RENEWAL_SECONDS:
            assumed = sts_backends[self._settings.account]["aws"].assume_role(
                region_name=self._settings.region,
                role_session_name=instance_id,
                role_arn=role_arn,
                policy="",
                duration=CREDENTIAL_SECONDS,
                external_id="",
            )
            self._credentials[instance_id, role_arn] = assumed
        return {
            "Code": "Success",
            "LastUpdated": _iso(now),
            "Type": "AWS-HMAC",
            "AccessKeyId": assumed.access_key_id,
            "SecretAccessKey": assumed.secret_access_key,
            "Token": assumed.session_token,
            "Expiration": _iso(assumed.expiration),
        }


def _handler(service: Metadata) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "EC2ws"
        sys_version = ""

        def do_PUT(self) -> None:
            if self.path != "/latest/api/token":
                self._respond(HTTPStatus.NOT_FOUND, "")
                return
            lifetime = self.headers[f"{TOKEN_HEADER}-ttl-seconds"]
            forwarded = "X-Forwarded-For" in self.headers
            self._respond(*service.put_token(self._address, lifetime, forwarded=forwarded))

        def do_GET(self) -> None:
            self._respond(*service.get(self._address, self.path.partition("?")[0], self.headers[TOKEN_HEADER]))

        @property
        def _address(self) -> IPv4Address:
            return IPv4Address(self.client_address[0])

        def _respond(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            logger.debug("%s %s", self._address, format % args)

    return Handler


def _iso(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
