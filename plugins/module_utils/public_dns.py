# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a name leads, by the name servers of its own zone: no resolver's memory and no split DNS is in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

try:
    import dns.exception
    import dns.name
    import dns.resolver
except ImportError as error:  # the module says so with missing_required_lib
    IMPORT_ERROR: ImportError | None = error
else:
    IMPORT_ERROR = None

PORT = 53
# The servers of a zone say the same; a second one is for the case that the first does not answer.
_SERVERS = 2


class DnsError(Exception):
    """The servers could not be asked. `str()` says why, and nothing of where the name leads."""


def complaint(*, name: str, found: frozenset[str], target: str, wanted: frozenset[str]) -> str:
    """Why visitors of `name` do not reach the load balancer `target`; empty if they do.

    The addresses `found` and `wanted` change as the balancer grows, and are not asked for in the same moment: one that
    both have is enough.
    """
    if not found:
        return f"The name servers of its zone know no address of {name}."
    if found & wanted:
        return ""
    return f"{name} leads to {_listed(found)}, and not to the load balancer {target} ({_listed(wanted)})."


def _listed(addresses: frozenset[str]) -> str:
    return ", ".join(sorted(addresses))


def zone_servers(client: Any, zone: str) -> list[str]:
    """Names of the servers of the public hosted zone, by a client of Route 53. Raises DnsError if there is none."""
    name = f"{zone.rstrip('.')}."
    for found in client.list_hosted_zones_by_name(DNSName=name)["HostedZones"]:
        if found["Name"] == name and not found["Config"]["PrivateZone"]:
            return list(client.get_hosted_zone(Id=found["Id"])["DelegationSet"]["NameServers"])
    raise DnsError(f"Route 53 has no public hosted zone {zone}.")


def servers_addresses(names: Sequence[str], *, timeout: float) -> list[str]:
    """Addresses of two of the servers with these names. Raises DnsError if the controller's resolver knows none."""

    def known() -> Iterator[str]:
        for name in names:
            try:
                yield from sorted(addresses_of(name, timeout=timeout))[:1]
            except DnsError as error:
                failures.append(str(error))

    failures: list[str] = []
    found = list(islice(known(), _SERVERS))
    if not found:
        raise DnsError(failures[0] if failures else f"No resolver knows an address of {', '.join(names)}.")
    return found


def addresses_of(name: str, *, timeout: float, servers: Sequence[str] = (), port: int = PORT) -> frozenset[str]:
    """IPv4 addresses of `name`, none if it has none, as the `servers` say; without any, the controller's resolver.

    Where a CNAME leads to another zone, the addresses are those that the controller's resolver knows. `timeout` is in
    seconds, for each question. Raises DnsError if no server answers.
    """
    try:
        resolver = dns.resolver.Resolver(configure=not servers)
        if servers:
            resolver.nameservers = list(servers)
            resolver.port = port
        resolver.lifetime = timeout
        answer = resolver.resolve(f"{name.rstrip('.')}.", "A", raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return frozenset()
    except (dns.exception.DNSException, OSError, ValueError) as error:
        why = f"no answer within {timeout:g} s" if isinstance(error, dns.exception.Timeout) else error
        raise DnsError(f"The name servers have not said where {name} leads: {why}.") from error
    if answer.rrset is not None:
        return frozenset(record.address for record in answer.rrset)
    alias = answer.canonical_name
    if servers and alias != dns.name.from_text(name):
        return addresses_of(alias.to_text(), timeout=timeout)
    return frozenset()
