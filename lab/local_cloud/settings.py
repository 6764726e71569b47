# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, addresses and paths of the local cloud: the one place that knows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the local cloud is called and where it lives.

    Times are seconds. `directory` holds all state of one local stage; `make local-down` removes it.
    """

    directory: Path = field(default_factory=lambda: Path(".local").resolve())
    account: str = "123456789012"
    region: str = "us-east-1"
    network_name: str = "amy-local-cloud"
    bridge: str = "amycloud0"
    # The VPC's address block must equal Docker's subnet: an instance's private address is its container's address.
    network: IPv4Network = IPv4Network("10.77.0.0/24")
    # Docker hands out this part by itself (databases); EC2 instances get theirs from moto, from .4 upwards.
    docker_range: IPv4Network = IPv4Network("10.77.0.192/26")
    endpoint_port: int = 5077
    # Load balancers take 127.77.0.10, .11, ...: any 127/8 address can be bound without being configured.
    first_load_balancer: IPv4Address = IPv4Address("127.77.0.10")
    # Each takes an address of the bridge, too, which its DNS name stands for: instances reach that one as well. The
    # block belongs to no subnet and not to Docker. None: there is no bridge.
    first_bridged_load_balancer: IPv4Address | None = IPv4Address("10.77.0.130")
    # An ALB goes on routing to a target for a moment after DeregisterTargets (reported by many, documented by none).
    deregistration_lag: float = 2.0
    label: str = "amy.local-cloud"
    # The resolver, the instance metadata service and the package cache listen on the bridge's gateway only.
    resolver_port: int = 53
    metadata_port: int = 5080
    package_cache_port: int = 5142
    # pebble, an authority for certificates by ACME, if it is asked for.
    acme_port: int = 14000
    acme_management_port: int = 15000
    # Downloaded packages outlive the stage: the next one does not download them again.
    package_cache_directory: Path = field(default_factory=lambda: Path(".cache/apt").resolve())
    # What hosts download from elsewhere, such as a Python; a test puts it there.
    downloads_directory: Path = field(default_factory=lambda: Path(".cache/downloads").resolve())

    @property
    def gateway(self) -> IPv4Address:
        """The machine's own address on the bridge: where instances reach the AWS API."""
        return self.network.network_address + 1

    @property
    def controller_endpoint(self) -> str:
        """The AWS API's URL for programs on this machine."""
        return f"http://127.0.0.1:{self.endpoint_port}"

    @property
    def instance_endpoint(self) -> str:
        """The AWS API's URL for programs inside instances."""
        return f"http://{self.gateway}:{self.endpoint_port}"

    @property
    def journal(self) -> Path:
        """The mutating API requests so far; it holds secrets, hence mode 0600."""
        return self.directory / "journal.jsonl"

    @property
    def filter_table(self) -> str:
        """The nftables table with the security groups; no other table is touched."""
        return f"inet {self.network_name.replace('-', '_')}"

    @property
    def metadata_table(self) -> str:
        """The nftables table that leads to the instance metadata service."""
        return f"ip {self.network_name.replace('-', '_')}_metadata"

    @property
    def known_hosts(self) -> Path:
        """The instances' SSH host keys, for `ssh -o UserKnownHostsFile`."""
        return self.directory / "known_hosts"

    @property
    def authority_file(self) -> Path:
        """Key and certificate of the authority whose certificates ACM issues."""
        return self.directory / "keys" / "authority.pem"

    @property
    def authorities(self) -> Path:
        """The certificates of the authorities that clients of the stage trust."""
        return self.directory / "authorities.pem"

    @property
    def acme_directory(self) -> Path:
        """Where pebble's files are; while it exists, pebble runs."""
        return self.directory / "acme"

    @property
    def acme_root(self) -> Path:
        """The root certificate of the pebble that runs."""
        return self.acme_directory / "root.pem"

    @property
    def shared_files(self) -> Path:
        """The contents of EFS's file systems, a folder each; every instance has it."""
        return self.directory / "shared_files"

    @property
    def stage_file(self) -> Path:
        """The description of the stage that other programs read."""
        return self.directory / "stage.json"
