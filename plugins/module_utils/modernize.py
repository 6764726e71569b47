# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The phases in which the one old server becomes the fleet: what each does, and which one is next."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple


class Phase(NamedTuple):
    """A phase: what it does, how to look at its outcome by hand, and what leads back (empty: nothing to take back)."""

    name: str
    does: str
    look: str
    undo: str


INSPECT, REHEARSE, RETIRE = "inspect", "rehearse", "retire"
PHASES = (
    Phase(
        INSPECT, "reads the old server, and changes nothing", "inventories/{stage}/group_vars/all/old_server.yml", ""
    ),
    Phase("certificate", "has Amazon's certificate issued by a DNS record", "aws acm list-certificates", ""),
    Phase(
        "prepare",
        "takes over the secrets, creates the fleet, deploys the old server's release to it, and copies media files",
        "make status STAGE={stage}",
        "undo_prepare",
    ),
    Phase(
        "redis",
        "moves what Redis holds while requests wait for some seconds; the old Redis becomes a replica",
        "on the old server: redis-cli info replication",
        "undo_redis",
    ),
    Phase(
        "queues",
        "stops the old server's worker and scheduler, and starts the fleet's",
        "on the old server: supervisorctl status",
        "undo_queues",
    ),
    Phase(REHEARSE, "proves the site through the load balancer, and changes nothing", "its own output", ""),
    Phase(
        "dns",
        "lets the old server pass its requests on to the load balancer, and points the domain to it",
        "dig {domain}; on the old server: tail -f /var/log/nginx/stragglers.log",
        "undo_dns",
    ),
    Phase(RETIRE, "archives the keys and stops the old server's services; needs CONFIRM", "systemctl --failed", ""),
)


def report(done: Collection[str], *, read: bool, stage: str, domain: str) -> list[str]:
    """Return a line for each phase, and the next command.

    `done` are the phases that are marked on the old server; `read` is whether its findings are in the inventory.
    """
    finished = {*done, *([INSPECT] if read else [])}
    # A rehearsal leaves no mark, for it proves only the moment; dns begins with one.
    steps = [phase for phase in PHASES if phase.name != REHEARSE]
    following = next((phase for phase in steps if phase.name not in finished), None)
    # The way back goes phase by phase, and not beyond an old server that is retired.
    undoable = [phase for phase in PHASES if phase.undo and phase.name in finished and RETIRE not in finished]
    lines = []
    for phase in PHASES:
        state = "done" if phase.name in finished else "next" if phase is following else "open"
        if phase.name == REHEARSE:
            state = "any time" if "prepare" in finished else "open"
        look = phase.look.format(stage=stage, domain=domain)
        back = f" Back: make modernize PHASE={phase.undo} STAGE={stage}" if undoable[-1:] == [phase] else ""
        lines.append(f"{phase.name} ({state}): {phase.does}. Look: {look}.{back}")
    command = f"Next: make modernize PHASE={following.name} STAGE={stage}" if following else "The move is complete."
    return [*lines, command]
