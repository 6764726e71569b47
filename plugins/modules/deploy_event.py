#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: deploy_event
short_description: Tell the deploy report what the playbook knows
version_added: 0.1.0
description:
  - Returns an event for the callback P(carpentries.amy.deploy_report#callback) to record. Runs on the controller and
    changes nothing.
  - Every module may return C(deploy_event), one dictionary or a list of them, to the same effect. In this way
    M(carpentries.amy.alb_target) reports when a host leaves or rejoins the load balancer.
options:
  type:
    description:
      - V(plan) names the deploy, at its beginning and again when the rest is known. O(data) needs C(deploy_id) and
        C(stage). C(release) (C(id), C(ref), C(commit), C(sha256)), C(previous_release) and C(hosts) (host name to role)
        are used too. What else is given, is shown.
      - V(host_release) tells that a host went C(from) a release C(to) another.
      - V(host_out_of_service) and V(host_in_service) tell when a host stopped and began to get requests.
      - V(backup) describes the backup (C(path), C(s3), C(sha256), C(verified)).
      - V(strategy) tells how the release is deployed (C(strategy)) and why (C(reasons)).
      - V(site_closed) and V(site_open), V(requests_held) and V(requests_released) tell when a host began and ceased to
        answer with the maintenance page, or to let requests wait.
      - V(requests) tells why a host has not counted its requests (C(missing)); their counts come from
        M(carpentries.amy.request_statistics_info).
      - V(outcome) declares C(outcome) (V(succeeded), V(refused), V(rolled_back) or V(failed)) and its C(reason).
    type: str
    required: true
    choices:
      - plan
      - host_out_of_service
      - host_in_service
      - host_release
      - backup
      - strategy
      - requests
      - outcome
      - site_closed
      - site_open
      - requests_held
      - requests_released
  data:
    description: The event's content, without secrets.
    type: dict
    default: {}
  host:
    description: The host it is about. By default the host that the task runs for.
    type: str
attributes:
  check_mode:
    description: The event is checked and returned.
    support: full
  diff_mode:
    description: Nothing changes.
    support: none
extends_documentation_fragment: [carpentries.amy.public]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Name the deploy
  carpentries.amy.deploy_event:
    type: plan
    data:
      deploy_id: 20260131-120000-v4.2
      stage: production
      release: {id: v4.2-0123456789ab-89abcdef, ref: v4.2, commit: 0123456789ab, sha256: "..."}
      previous_release: v4.1-ba9876543210-89abcdef

- name: Tell that the deploy succeeded
  carpentries.amy.deploy_event:
    type: outcome
    data: {outcome: succeeded}
"""

RETURN = r"""
deploy_event:
  description: The event.
  returned: success
  type: dict
"""
