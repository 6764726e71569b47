# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of what is watched, and a stage: its alarms, as CloudWatch's PutMetricAlarm takes them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .watches import (
    BACKUPS,
    BALANCER,
    CERTIFICATE,
    DATABASE,
    HOST,
    QUEUES,
    REDIS_BACKUPS,
    ROOT_DISK,
    SHARED_FILES,
    TARGETS,
    WATCHES,
    Metric,
    Watch,
)

# Where AWS's services put their metrics; all others are the stage's own.
NAMESPACES = {
    BALANCER: "AWS/ApplicationELB",
    TARGETS: "AWS/ApplicationELB",
    DATABASE: "AWS/RDS",
    SHARED_FILES: "AWS/EFS",
    CERTIFICATE: "AWS/CertificateManager",
}
OF_HOSTS = (HOST, ROOT_DISK)


class StageError(ValueError):
    """What is asked for cannot be watched; the message says what and why."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What is watched of a stage.

    `path` begins the names of its alarms, and is the namespace of its own metrics. `hosts` are instance ids by name,
    and empty where no agent measures them; `filesystem` is the type of their root. `has_figures` tells that a host
    takes them, `has_queues` that there are background jobs and their Redis, `has_redis` that there is one, with jobs
    or without. `database` is an identifier of RDS's, and empty where it is external. `file_system_id` is EFS's,
    and empty without one; so many hosts as `mounts` says should have it.
    """

    name: str
    path: str
    load_balancer_arn: str
    target_group_arn: str
    certificate_arn: str
    hosts: Mapping[str, str]
    filesystem: str
    has_figures: bool
    has_queues: bool
    database: str
    has_redis: bool
    file_system_id: str
    mounts: int

    def namespace(self, metric: Metric) -> str:
        """Where a metric is found."""
        return NAMESPACES.get(metric.of, self.path)

    def dimensions(self, metric: Metric, host: str) -> dict[str, str]:
        """What tells the metric from others of its name; `host` counts for metrics of hosts only."""
        balancer = {"LoadBalancer": self.load_balancer_arn.partition(":loadbalancer/")[2]}
        return {
            BALANCER: balancer,
            TARGETS: {**balancer, "TargetGroup": self.target_group_arn.rpartition(":")[2]},
            HOST: {"InstanceId": self.hosts.get(host, "")},
            ROOT_DISK: {"InstanceId": self.hosts.get(host, ""), "fstype": self.filesystem, "path": "/"},
            QUEUES: {"Stage": self.name},
            BACKUPS: {"Stage": self.name},
            DATABASE: {"DBInstanceIdentifier": self.database},
            REDIS_BACKUPS: {"Stage": self.name},
            SHARED_FILES: {"FileSystemId": self.file_system_id},
            CERTIFICATE: {"CertificateArn": self.certificate_arn},
        }[metric.of]

    def shows(self, metric: Metric) -> bool:
        """Whether the stage has what a metric is about, and it is measured."""
        return {
            HOST: bool(self.hosts),
            ROOT_DISK: bool(self.hosts),
            QUEUES: self.has_figures and self.has_queues,
            BACKUPS: self.has_figures,
            DATABASE: bool(self.database),
            REDIS_BACKUPS: self.has_figures and self.has_redis,
            SHARED_FILES: bool(self.file_system_id),
        }.get(metric.of, True)

    def subjects(self, metric: Metric) -> list[str]:
        """The hosts that each have such a metric; one empty name if it is the stage's; none without it."""
        if not self.shows(metric):
            return []
        return sorted(self.hosts) if metric.of in OF_HOSTS else [""]


def limits(thresholds: Mapping[str, float]) -> dict[str, float]:
    """Return the threshold of each alarm by its key; `thresholds` replace those of the table. Raises StageError."""
    unknown = sorted(set(thresholds) - {watch.key for watch in WATCHES})
    if unknown:
        raise StageError(
            f"There is no alarm {', '.join(unknown)} to give a threshold to; there are "
            f"{', '.join(watch.key for watch in WATCHES)}"
        )
    return {watch.key: float(thresholds.get(watch.key, watch.threshold)) for watch in WATCHES}


def alarms(stage: Stage, *, thresholds: Mapping[str, float], actions: list[str]) -> list[dict[str, Any]]:
    """Return the alarms; `thresholds` replace those of the table, by key. Raises StageError for an unknown key.

    Each tells the targets of `actions` that it has gone off, and that it is over.
    """
    limit = limits(thresholds)
    return [
        _alarm(stage, watch, host, limit[watch.key], actions)
        for watch in WATCHES
        for host in stage.subjects(watch.subject)
    ]


def _alarm(stage: Stage, watch: Watch, host: str, threshold: float, actions: list[str]) -> dict[str, Any]:
    return {
        "AlarmName": "/".join(part for part in (stage.path, host, watch.key) if part),
        "AlarmDescription": _description(stage, watch, host, threshold),
        "ActionsEnabled": True,
        "AlarmActions": actions,
        "OKActions": actions,
        **(_calculated(stage, watch) if watch.expression else _measured(stage, watch, host)),
        "EvaluationPeriods": watch.periods,
        "Threshold": threshold,
        "ComparisonOperator": "LessThanThreshold" if watch.below else "GreaterThanThreshold",
        "TreatMissingData": watch.missing,
    }


def _description(stage: Stage, watch: Watch, host: str, threshold: float) -> str:
    of_host = f" of stage {stage.name}, host {host}" if host else f" of stage {stage.name}"
    return (
        f"{watch.key}{of_host}: {watch.meaning.format(threshold=f'{threshold:g}')}. "
        f"See docs/runbook.md#{watch.look}, and run: make status STAGE={stage.name}"
    )


def _measured(stage: Stage, watch: Watch, host: str) -> dict[str, Any]:
    (metric,) = watch.metrics.values()
    percentile = metric.statistic.startswith("p")
    return {
        "Namespace": stage.namespace(metric),
        "MetricName": metric.name,
        "Dimensions": _dimensions(stage, metric, host),
        "Period": watch.period,
        # The slowest of three requests at night is no percentile of anything.
        **(
            {"ExtendedStatistic": metric.statistic, "EvaluateLowSampleCountPercentile": "ignore"}
            if percentile
            else {"Statistic": metric.statistic}
        ),
    }


def _calculated(stage: Stage, watch: Watch) -> dict[str, Any]:
    expression = watch.expression.format(mounts=stage.mounts)
    return {"Metrics": [*_queries(stage, watch), {"Id": "result", "Expression": expression, "ReturnData": True}]}


def _queries(stage: Stage, watch: Watch) -> Iterator[dict[str, Any]]:
    for identifier, metric in watch.metrics.items():
        yield {
            "Id": identifier,
            "MetricStat": {
                "Metric": {
                    "Namespace": stage.namespace(metric),
                    "MetricName": metric.name,
                    "Dimensions": _dimensions(stage, metric, ""),
                },
                "Period": watch.period,
                "Stat": metric.statistic,
            },
            "ReturnData": False,
        }


def _dimensions(stage: Stage, metric: Metric, host: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in sorted(stage.dimensions(metric, host).items())]
