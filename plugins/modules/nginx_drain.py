#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_drain
short_description: Wait until nginx has no request in flight
version_added: 0.1.0
description:
  - Watches nginx's C(stub_status) page until nothing is being received or answered, several times in a row.
  - For a host that has left its load balancer. The load balancer cannot tell when the last request has ended, because
    it shows a target as C(draining) for the whole deregistration delay; nginx can.
  - Idle keep-alive connections, the module's own requests, and health checks that pass between two looks do not count.
options:
  status_url:
    description: Address of the C(stub_status) page on the host itself, over plain HTTP.
    type: str
    required: true
  samples:
    description: How many looks in a row must find nothing.
    type: int
    default: 5
  interval:
    description: Seconds between two looks.
    type: float
    default: 0.5
  quiet_seconds:
    description: Seconds to watch at least, because requests may still be on their way from the load balancer.
    type: float
    default: 2
  background_requests:
    description:
      - New requests between two looks that do not count as traffic, such as the load balancer's health checks.
      - Without this limit, requests faster than O(interval) could pass unseen.
    type: int
    default: 2
  timeout:
    description: Seconds to watch at most. Set it above the longest request.
    type: float
    default: 120
  on_timeout:
    description:
      - V(fail) fails. V(continue) succeeds with RV(timed_out=true), for a caller that would rather lose the
        remaining requests than stop.
    type: str
    choices: [fail, continue]
    default: fail
  when_absent:
    description:
      - What it means when nothing listens at O(status_url). V(drained) suits a host whose nginx may have died or is not
        installed yet, since then nothing can be in flight.
    type: str
    choices: [fail, drained]
    default: fail
  spell:
    description:
      - After so many seconds, return at the first look that finds requests, with RV(drained=false) and
        RV(timed_out=false), to be called again. By default the module watches to the end.
      - P(carpentries.amy.progress#callback) has the module watch in spells, to show what is in flight meanwhile.
    type: float
  watched:
    description: Seconds of earlier spells, which count for O(quiet_seconds) and O(timeout).
    type: float
    default: 0
attributes:
  check_mode:
    description: Looks once and does not wait.
    support: full
  diff_mode:
    description: The module changes nothing.
    support: none
seealso:
  - module: carpentries.amy.alb_target
extends_documentation_fragment: [carpentries.amy.public]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Wait until the last request has been answered
  carpentries.amy.nginx_drain:
    status_url: http://127.0.0.1:8082/
    timeout: 90
"""

RETURN = r"""
drained:
  description: Whether nginx was idle at the end.
  returned: always
  type: bool
timed_out:
  description: Whether the time ran out first.
  returned: always
  type: bool
in_flight:
  description: Requests in flight at the end.
  returned: always
  type: int
seconds_waited:
  description: How long the module watched.
  returned: always
  type: float
timeline:
  description: Each change of the number of requests in flight and of those that arrived since the look before.
  returned: always
  type: list
  elements: dict
  sample: [{at: "2026-01-31T12:00:00.000Z", seconds: 0.0, in_flight: 3, arrived: 0}]
"""

import urllib.error
import urllib.request
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._clock import SystemClock
from ..module_utils._nginx_drain import Drain, DrainTimeoutError, NotAStatusPageError, Rule, Status, parse

# Seconds; the page comes from nginx's memory, over loopback.
ANSWER_TIMEOUT = 5


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "status_url": {"type": "str", "required": True},
            "samples": {"type": "int", "default": 5},
            "interval": {"type": "float", "default": 0.5},
            "quiet_seconds": {"type": "float", "default": 2},
            "background_requests": {"type": "int", "default": 2},
            "timeout": {"type": "float", "default": 120},
            "on_timeout": {"type": "str", "choices": ["fail", "continue"], "default": "fail"},
            "when_absent": {"type": "str", "choices": ["fail", "drained"], "default": "fail"},
            "spell": {"type": "float"},
            "watched": {"type": "float", "default": 0},
        },
        supports_check_mode=True,
    )
    url = module.params["status_url"]
    if not url.startswith("http://"):
        module.fail_json(msg=f"status_url must begin with http://, and is {url}")
    drain = Drain(look=lambda: look(url), clock=SystemClock(), watched=module.params["watched"])
    try:
        if module.check_mode:
            drain.sample()
        else:
            drain.until(rule(module.params))
    except DrainTimeoutError as error:
        if module.params["on_timeout"] == "fail":
            module.fail_json(msg=f"{error} {REMEDY}", **record(drain, drained=False, timed_out=True))
        module.warn(f"{error} Going on all the same (on_timeout: continue).")
        module.exit_json(changed=False, **record(drain, drained=False, timed_out=True))
    except ConnectionRefusedError as error:
        if module.params["when_absent"] == "fail":
            module.fail_json(msg=f"Nothing answers at {url} ({error}). {ABSENT}", **record(drain, drained=False))
        module.exit_json(changed=False, **record(drain, drained=True))
    except (NotAStatusPageError, OSError) as error:
        module.fail_json(msg=f"Cannot read nginx's status at {url}: {error}. {ABSENT}", **record(drain, drained=False))
    module.exit_json(changed=False, **record(drain, drained=drain.in_flight == 0))


REMEDY = (
    "See who is being served on the host with: ss -tnp state established '( sport = :80 or sport = :443 )' "
    "- then run the same command again, or raise `timeout` above the longest request."
)
ABSENT = (
    "See whether nginx runs on the host with: systemctl status nginx - and converge it with: "
    "make configure STAGE=<stage>"
)


def look(url: str) -> Status:
    """The counters now, over a connection of its own. Raises ConnectionRefusedError, OSError, NotAStatusPageError."""
    # The proxies of the environment must not be asked for a page on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_TIMEOUT) as answer:
            return parse(answer.read().decode("ascii", errors="replace"))
    except urllib.error.HTTPError as error:
        raise NotAStatusPageError(f"HTTP {error.code}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, OSError):
            raise error.reason from error
        raise


def rule(parameters: dict[str, Any]) -> Rule:
    """The module's options as a rule."""
    return Rule(
        samples=parameters["samples"],
        interval=parameters["interval"],
        quiet_seconds=parameters["quiet_seconds"],
        timeout=parameters["timeout"],
        background=parameters["background_requests"],
        spell=parameters["spell"],
    )


def record(drain: Drain, *, drained: bool, timed_out: bool = False) -> dict[str, Any]:
    """The result, also of a failure."""
    return {
        "drained": drained,
        "timed_out": timed_out,
        "in_flight": drain.in_flight,
        "seconds_waited": drain.waited,
        "timeline": drain.timeline,
    }


if __name__ == "__main__":
    main()
