# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stage's dashboard, as CloudWatch's PutDashboard takes it: alarms, graphs with thresholds, deploys. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .alarms import Stage
from .watches import BACKUPS, BALANCER, HOST, QUEUES, REDIS_BACKUPS, ROOT_DISK, SHARED_FILES, TARGETS, WATCHES, Metric

WIDTH, HALF, HEIGHT = 24, 12, 6
# The metric that a filter makes of the hosts' deploy journals: one for each host that takes another release.
ACTIVATIONS = "ReleaseActivations"


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Metrics in one picture, each with its label; `watch` is the key of the alarm whose threshold is drawn."""

    title: str
    metrics: Mapping[str, Metric]
    watch: str = ""


def _sum(name: str) -> Metric:
    return Metric(of=BALANCER, name=name, statistic="Sum")


def _figure(name: str, statistic: str = "Maximum") -> Metric:
    return Metric(of=QUEUES, name=name, statistic=statistic)


GRAPHS = (
    Graph(
        title="Requests, and errors among them",
        metrics={
            "requests": _sum("RequestCount"),
            "5xx of the hosts": _sum("HTTPCode_Target_5XX_Count"),
            "5xx of the load balancer": _sum("HTTPCode_ELB_5XX_Count"),
        },
    ),
    Graph(
        title="Seconds until the answer",
        metrics={
            "p50": Metric(of=BALANCER, name="TargetResponseTime", statistic="p50"),
            "p99": Metric(of=BALANCER, name="TargetResponseTime", statistic="p99"),
        },
        watch="latency",
    ),
    Graph(
        title="Web hosts in rotation",
        metrics={
            "healthy": Metric(of=TARGETS, name="HealthyHostCount", statistic="Minimum"),
            "unhealthy": Metric(of=TARGETS, name="UnHealthyHostCount"),
        },
    ),
    Graph(title="Memory in use, %", metrics={"": Metric(of=HOST, name="mem_used_percent")}, watch="memory"),
    Graph(title="Disk in use, %", metrics={"": Metric(of=ROOT_DISK, name="disk_used_percent")}, watch="disk"),
    Graph(
        title="Jobs",
        metrics={
            "waiting": _figure("QueuedJobs"),
            "scheduled": _figure("ScheduledJobs"),
            "failed": _figure("FailedJobs"),
        },
    ),
    Graph(
        title="Seconds that jobs wait",
        metrics={"for a worker": _figure("OldestQueuedSeconds"), "for the scheduler": _figure("OldestOverdueSeconds")},
        watch="queue-age",
    ),
    Graph(
        title="Age of the backup, seconds",
        metrics={"age": Metric(of=BACKUPS, name="BackupAgeSeconds")},
        watch="backup-age",
    ),
    Graph(
        title="Age of the backup of Redis, seconds",
        metrics={"age": Metric(of=REDIS_BACKUPS, name="RedisBackupAgeSeconds")},
        watch="redis-backup-age",
    ),
    Graph(
        title="Hosts with the shared files",
        metrics={"connected": Metric(of=SHARED_FILES, name="ClientConnections", statistic="Sum")},
    ),
    Graph(title="Memory of Redis, %", metrics={"in use": _figure("RedisMemoryPercent")}, watch="redis-memory"),
    Graph(
        title="Trouble of Redis",
        metrics={
            "errors of its disk": _figure("RedisPersistenceErrors"),
            "refused connections": _figure("RedisRejectedConnections", "Sum"),
        },
    ),
)


def dashboard(
    stage: Stage, *, region: str, log_group: str, alarms: Sequence[str], thresholds: Mapping[str, float]
) -> dict[str, Any]:
    """Return the dashboard's body; `alarms` are ARNs. Deploys are marked if there are hosts that ship logs."""
    limits = {watch.key: float(thresholds.get(watch.key, watch.threshold)) for watch in WATCHES}
    graphs = [_graph(stage, graph, region, limits) for graph in GRAPHS if _lines(stage, graph)]
    head = [
        _placed(_title(stage), x=0, y=0, width=WIDTH, height=2),
        _placed(_states(alarms), x=0, y=2, width=WIDTH, height=4),
    ]
    rows = [
        _placed(graph, x=HALF * (number % 2), y=6 + HEIGHT * (number // 2), width=HALF, height=HEIGHT)
        for number, graph in enumerate(graphs)
    ]
    below = 6 + HEIGHT * ((len(graphs) + 1) // 2)
    tail = [_placed(_deploys(log_group, region), x=0, y=below, width=WIDTH, height=HEIGHT)] if stage.hosts else []
    return {"start": "-PT12H", "widgets": [*head, *rows, *tail]}


def _placed(widget: dict[str, Any], *, x: int, y: int, width: int, height: int) -> dict[str, Any]:
    return {**widget, "x": x, "y": y, "width": width, "height": height}


def _title(stage: Stage) -> dict[str, Any]:
    made = f"Made by `make provision STAGE={stage.name}`: what is changed here is lost with its next run."
    return {"type": "text", "properties": {"markdown": f"# {stage.path}\n{made}"}}


def _states(alarms: Sequence[str]) -> dict[str, Any]:
    return {"type": "alarm", "properties": {"title": "Alarms", "alarms": list(alarms)}}


def _graph(stage: Stage, graph: Graph, region: str, limits: Mapping[str, float]) -> dict[str, Any]:
    lines = _lines(stage, graph)
    marks = [[stage.path, ACTIVATIONS, {"label": "releases activated", "stat": "Sum", "yAxis": "right"}]]
    properties: dict[str, Any] = {
        "title": graph.title,
        "region": region,
        "view": "timeSeries",
        "period": 60,
        "metrics": lines + (marks if stage.hosts else []),
        "yAxis": {"left": {"min": 0}, "right": {"min": 0, "showUnits": False}},
    }
    if graph.watch:
        properties["annotations"] = {"horizontal": [{"label": "alarm", "value": limits[graph.watch]}]}
    return {"type": "metric", "properties": properties}


def _lines(stage: Stage, graph: Graph) -> list[list[Any]]:
    lines = []
    for label, metric in graph.metrics.items():
        for host in stage.subjects(metric):
            dimensions = [word for pair in sorted(stage.dimensions(metric, host).items()) for word in pair]
            shown = {"label": label or host, "stat": metric.statistic}
            lines.append([stage.namespace(metric), metric.name, *dimensions, shown])
    return lines


def _deploys(log_group: str, region: str) -> dict[str, Any]:
    query = (
        f"SOURCE '{log_group}' | fields @timestamp, @logStream, to, from, deploy_id "
        "| filter ispresent(deploy_id) and ispresent(to) | sort @timestamp desc | limit 50"
    )
    return {
        "type": "log",
        "properties": {"title": "Releases activated", "region": region, "view": "table", "query": query},
    }
