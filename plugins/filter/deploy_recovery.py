# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.deploy_recovery."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deploy_recovery
short_description: Decide what ends the state that a deploy which died has left
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - What is left are requests that wait on a web host, the maintenance page of a deploy, and, where a deploy has died, a
    web host that is out of rotation and queues that it has paused.
  - A host serves again the release that is active on it, or that of the dead deploy, if other web hosts serve it now,
    or if the release itself says that the database lacks nothing of it and has nothing that it does not know.
  - It is asked again after each phase has noted more, and says then what is known by then.
positional: _input, hosts, hostvars
options:
  _input:
    description: The fact C(deploy) of the controller.
    type: dict
    required: true
    suboptions:
      dead:
        description: The deploy that died, its C(deploy_id) and the id of its C(release); null if none has.
        type: dict
      targets:
        description: State of each target of the load balancer, by the instance's id.
        type: dict
        default: {}
  hosts:
    description: Names of the hosts of the application.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variables of all hosts. Those that have not been looked at are left out.
    type: dict
    required: true
    suboptions:
      check_host:
        description: What M(carpentries.amy.release_state) says of the host.
        type: dict
      deploy_host:
        description:
          - What is noted of it. C(answers) has what M(carpentries.amy.release_migrations_info) has said there, by
            release, and C(queue_holder) who has suspended the queues.
        type: dict
  keeper:
    description: The host that looks at the queues; null on a stage without.
    type: str
"""

EXAMPLES = r"""
- name: Say what a deploy that died has left
  ansible.builtin.debug:
    msg: "{{ deploy | carpentries.amy.deploy_recovery(groups.application, hostvars) }}"
"""

RETURN = r"""
_value:
  description: What is to be done.
  type: dict
  contains:
    needed: {description: Whether a deploy has left anything., type: bool}
    asking: {description: Hosts that have something to ask., type: list, elements: str}
    asks: {description: 'The releases that each of them asks about the database, by host.', type: dict}
    keeper: {description: 'The one of them that looks at the queues, or null.', type: str}
    turns:
      description: For each web host that something was left on, by name, what becomes of it.
      type: dict
      contains:
        release:
          description: C(id), C(ref) and C(version) of the release that it is to serve; null if it stays as it is.
          type: dict
        note: {description: What was left there and what becomes of it., type: str}
        opens: {description: Whether the maintenance page goes., type: bool}
        rejoins: {description: Whether it goes back to the rotation., type: bool}
    recovering: {description: 'Those hosts, and the keeper if queues resume.', type: list, elements: str}
    resumes_queues: {description: Whether the queues resume., type: bool}
    unfit: {description: Releases that were asked and that the database is not known to fit., type: list, elements: str}
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Callable

from ansible_collections.carpentries.amy.plugins.module_utils._deploy.recovery import (
    Answer,
    Dead,
    Host,
    Release,
    recovery,
)


def deploy_recovery(
    deploy: Mapping[str, Any],
    hosts: Iterable[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    keeper: str | None = None,
) -> dict[str, Any]:
    """Return what to do about what a deploy has left, by the facts of `hosts` (names) and of the controller."""
    # One that did not answer is named by the phase that checks the hosts.
    known = [hostvars[name] for name in hosts if "staged" in hostvars.get(name, {}).get("check_host", {})]
    noted = [host.get("deploy_host", {}) for host in known]
    answers = {release: said for host in noted for release, said in host.get("answers", {}).items()}
    dead = deploy.get("dead")
    found = recovery(
        [_host(host, targets=deploy.get("targets", {})) for host in known],
        dead=Dead(deploy_id=str(dead["deploy_id"]), release=str(dead["release"])) if dead else None,
        answers={str(release): _answer(said) for release, said in answers.items()},
        keeper=keeper,
        holder=next((str(host["queue_holder"]) for host in noted if host.get("queue_holder")), ""),
    )
    return asdict(found)


def _answer(said: Mapping[str, Any]) -> Answer | None:
    """Return what a release has said; None if the module has failed."""
    return Answer(**{name: said[name] for name in ("pending", "newer", "migrates")}) if "pending" in said else None


def _host(known: Mapping[str, Any], *, targets: Mapping[str, str]) -> Host:
    state, role = known["check_host"], str(known["ec2_tags"]["Role"])
    active = state["active"]
    return Host(
        name=str(known["inventory_hostname"]),
        role=role,
        active=str(active["id"]) if active else None,
        releases=[
            Release(str(release["id"]), str(release["ref"] or ""), str(release["version"] or ""))
            for release in state["kept"]
            if release["id"] in state["staged"]
        ],
        paused=bool(state["paused"]),
        page=bool(state["maintenance"]),
        closed=bool(state["maintenance_for_deploy"]),
        refused=bool(active and active["id"] in state["refused"]),
        target_state=str(targets.get(known.get("ec2_instance_id", ""), "unused")) if role == "web" else "",
    )


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"deploy_recovery": deploy_recovery}
