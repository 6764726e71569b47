#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_alarms
short_description: Manage all CloudWatch alarms below a prefix
version_added: 0.1.0
description:
  - Puts the alarms that are missing or differ, and deletes those below O(prefix) that are not among O(alarms).
  - C(amazon.aws.cloudwatch_metric_alarm) takes one alarm at a time, calls one on an expression changed in each run,
    and shows no difference.
options:
  prefix:
    description:
      - The beginning of the names of all these alarms.
      - It ends with a slash, so that no other stage's name begins with it.
    type: str
    required: true
  alarms:
    description:
      - The alarms, as the call C(PutMetricAlarm) takes them. P(carpentries.amy.stage_alarms#filter) makes them.
      - None deletes all that are below O(prefix).
    type: list
    elements: dict
    required: true
  tags:
    description: Tags of new alarms.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Can run in check mode without changing an alarm.
    support: full
  diff_mode:
    description: Shows each alarm that differs, before and after.
    support: full
extends_documentation_fragment: [carpentries.amy.aws_connection]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Alarm when the site is slow
  carpentries.amy.cloudwatch_alarms:
    prefix: amy/production/
    alarms:
      - AlarmName: amy/production/latency
        Namespace: AWS/ApplicationELB
        MetricName: TargetResponseTime
        Dimensions: [{Name: LoadBalancer, Value: app/amy-production/0123456789abcdef}]
        ExtendedStatistic: p99
        Period: 300
        EvaluationPeriods: 3
        Threshold: 3
        ComparisonOperator: GreaterThanThreshold
        TreatMissingData: notBreaching

- name: Remove the alarms of a host
  carpentries.amy.cloudwatch_alarms:
    prefix: amy/production/web3/
    alarms: []
"""

RETURN = r"""
arns:
  description: ARNs of the alarms below the prefix, by their names' order; without new ones in check mode.
  returned: success
  type: list
  elements: str
  sample: [arn:aws:cloudwatch:us-east-1:123456789012:alarm:amy/production/latency]
put:
  description: Names of the alarms that were missing or differed.
  returned: success
  type: list
  elements: str
deleted:
  description: Names of the alarms that were deleted.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils.monitoring.alarm_set import Alarms, plan


def main() -> None:
    """Compare, put, delete, report."""
    module = AnsibleModule(
        argument_spec={
            "prefix": {"type": "str", "required": True},
            "alarms": {"type": "list", "elements": "dict", "required": True},
            "tags": {"type": "dict", "default": {}},
            **aws.CONNECTION_OPTIONS,
        },
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    options = module.params
    prefix = options["prefix"]
    strangers = [alarm["AlarmName"] for alarm in options["alarms"] if not alarm["AlarmName"].startswith(prefix)]
    if strangers or not prefix.endswith("/"):
        module.fail_json(
            msg=f"The prefix {prefix!r} must end with a slash and begin the name of each alarm; "
            f"it does not begin {', '.join(strangers) or 'only these alarms'}. Nothing has been touched."
        )
    try:
        with aws.translated(doing=f"have the alarms {prefix}* in CloudWatch"):
            alarms = Alarms(aws.client(service="cloudwatch", parameters=options), prefix=prefix)
            planned = plan(alarms.current(), options["alarms"])
            if planned.changes and not module.check_mode:
                alarms.carry_out(planned, tags=options["tags"])
            there = {alarm["AlarmName"]: alarm["AlarmArn"] for alarm in alarms.current()}
    except aws.AwsError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=planned.changes,
        arns=[there[name] for name in sorted(there)],
        put=[alarm["AlarmName"] for alarm in planned.put],
        deleted=planned.delete,
        diff={"before": planned.before, "after": planned.after},
    )


if __name__ == "__main__":
    main()
