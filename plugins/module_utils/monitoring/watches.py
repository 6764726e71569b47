# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of what is watched: one row an alarm, or one for each host. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What of a stage a metric is about; `alarms.py` knows the namespace and the dimensions of each.
BALANCER, TARGETS, HOST, ROOT_DISK, QUEUES, BACKUPS, DATABASE, REDIS_BACKUPS, SHARED_FILES, CERTIFICATE = (
    "balancer",
    "targets",
    "host",
    "root disk",
    "queues",
    "backups",
    "database",
    "backups of Redis",
    "shared files",
    "certificate",
)
# What CloudWatch makes of minutes without data: an alarm, all is well, or whatever was before.
ALARM, WELL, AS_BEFORE = "breaching", "notBreaching", "ignore"
# An error rate is meaningless among a handful of requests: so many errors in a period are needed.
LEAST_ERRORS = 5


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric of the subject `of`; `statistic` is one of CloudWatch's, or a percentile such as p99."""

    of: str
    name: str
    statistic: str = "Maximum"


@dataclass(frozen=True, kw_only=True)
class Watch:
    """An alarm goes off when `metrics` are above `threshold` (or `below` it) for `periods` times `period` seconds.

    `expression` calculates with them, by their ids; several need one. In it, {mounts} is the number of hosts that
    should have the shared files. `meaning` ends the sentence "the alarm says that ...", with the threshold in it;
    `silence` says why missing data is `missing`. `look` is a heading's anchor in docs/runbook.md.
    """

    key: str
    metrics: Mapping[str, Metric]
    expression: str = ""
    threshold: float
    below: bool = False
    period: int = 60
    periods: int = 1
    missing: str
    meaning: str
    silence: str
    look: str

    @property
    def subject(self) -> Metric:
        """The metric that says what the alarm is about; all are about the same."""
        return next(iter(self.metrics.values()))


_SAID_ONCE = "The alarm `queue-age` tells of silent figures; one message is enough."

WATCHES = (
    Watch(
        key="errors",
        metrics={
            "answered": Metric(of=BALANCER, name="HTTPCode_Target_5XX_Count", statistic="Sum"),
            "refused": Metric(of=BALANCER, name="HTTPCode_ELB_5XX_Count", statistic="Sum"),
            # Without those for which the load balancer had no target.
            "requests": Metric(of=BALANCER, name="RequestCount", statistic="Sum"),
        },
        expression=(
            f"IF(FILL(answered, 0) + FILL(refused, 0) >= {LEAST_ERRORS}, "
            "100 * (FILL(answered, 0) + FILL(refused, 0)) / (FILL(requests, 0) + FILL(refused, 0)), 0)"
        ),
        threshold=5,
        period=300,
        missing=WELL,
        meaning=f"more than {{threshold}} % of the answers in five minutes, and at least {LEAST_ERRORS}, were a 5xx",
        silence="A load balancer without requests reports nothing.",
        look="visitors-complain",
    ),
    Watch(
        key="latency",
        metrics={"m": Metric(of=BALANCER, name="TargetResponseTime", statistic="p99")},
        threshold=3,
        period=300,
        periods=3,
        missing=WELL,
        meaning="one answer of a hundred has taken more than {threshold} s, for a quarter of an hour",
        silence="Without requests there is nothing to be slow.",
        look="visitors-complain",
    ),
    Watch(
        key="unhealthy-hosts",
        metrics={"m": Metric(of=TARGETS, name="UnHealthyHostCount")},
        threshold=0,
        periods=3,
        missing=ALARM,
        meaning="more than {threshold} web hosts have failed their health checks for three minutes",
        silence="It is reported as long as a web host is registered: none is.",
        look="visitors-complain",
    ),
    Watch(
        key="disk",
        metrics={"m": Metric(of=ROOT_DISK, name="disk_used_percent")},
        threshold=85,
        period=300,
        periods=2,
        missing=ALARM,
        meaning="more than {threshold} % of the host's disk are in use",
        silence="The host or its agent is down.",
        look="a-host-runs-full",
    ),
    Watch(
        key="memory",
        metrics={"m": Metric(of=HOST, name="mem_used_percent", statistic="Average")},
        threshold=90,
        period=300,
        periods=3,
        missing=AS_BEFORE,
        meaning="more than {threshold} % of the host's memory have been in use for a quarter of an hour",
        silence="The alarm `disk` of the same host tells of a silent agent; one message is enough.",
        look="a-host-runs-full",
    ),
    Watch(
        key="queue-age",
        metrics={"m": Metric(of=QUEUES, name="OldestQueuedSeconds")},
        threshold=600,
        periods=3,
        missing=ALARM,
        meaning="the next job has waited for a worker for more than {threshold} s",
        silence="Redis does not answer, or the scheduler host is down.",
        look="jobs-do-not-run",
    ),
    Watch(
        key="overdue-jobs",
        metrics={"m": Metric(of=QUEUES, name="OldestOverdueSeconds")},
        threshold=600,
        periods=3,
        missing=AS_BEFORE,
        meaning="a scheduled job has been due for more than {threshold} s",
        silence=_SAID_ONCE,
        look="jobs-do-not-run",
    ),
    Watch(
        key="failed-jobs",
        metrics={"m": Metric(of=QUEUES, name="FailedJobs")},
        threshold=0,
        missing=AS_BEFORE,
        meaning="more than {threshold} failed jobs are in their registry",
        silence=_SAID_ONCE,
        look="jobs-do-not-run",
    ),
    Watch(
        key="backup-age",
        metrics={"m": Metric(of=BACKUPS, name="BackupAgeSeconds")},
        threshold=2700,
        periods=3,
        missing=ALARM,
        meaning="the newest backup that has been read back is older than {threshold} s",
        silence="There is no backup, or its age is unknown; that is as bad as an old one.",
        look="backups",
    ),
    Watch(
        key="database-storage",
        metrics={"free": Metric(of=DATABASE, name="FreeStorageSpace", statistic="Minimum")},
        expression="free / 1073741824",
        threshold=2,
        below=True,
        period=300,
        periods=3,
        missing=AS_BEFORE,
        meaning="less than {threshold} GiB of the database's storage have been free for a quarter of an hour",
        silence="The database is down, or RDS is late; `errors` tells of the former.",
        look="the-database-runs-full",
    ),
    Watch(
        key="redis-backup-age",
        metrics={"m": Metric(of=REDIS_BACKUPS, name="RedisBackupAgeSeconds")},
        # One is made each night: a day, and two hours for a timer that is late.
        threshold=26 * 3600,
        periods=3,
        missing=ALARM,
        meaning="the newest backup of Redis that has been read back is older than {threshold} s",
        silence="There is no backup, or the Redis host cannot say how old it is; that is as bad as an old one.",
        look="backups",
    ),
    Watch(
        key="redis-memory",
        metrics={"m": Metric(of=QUEUES, name="RedisMemoryPercent")},
        threshold=80,
        period=300,
        missing=AS_BEFORE,
        meaning="Redis uses more than {threshold} % of the memory that it may use; when all is used, it refuses jobs",
        silence=_SAID_ONCE,
        look="redis",
    ),
    Watch(
        key="redis-persistence",
        metrics={"m": Metric(of=QUEUES, name="RedisPersistenceErrors")},
        threshold=0,
        periods=3,
        missing=AS_BEFORE,
        meaning="Redis could not write to its disk: its last save, or its append-only file",
        silence=_SAID_ONCE,
        look="redis",
    ),
    Watch(
        key="redis-connections",
        metrics={"m": Metric(of=QUEUES, name="RedisRejectedConnections", statistic="Sum")},
        threshold=0,
        period=300,
        missing=AS_BEFORE,
        meaning="Redis has refused more than {threshold} connections in five minutes, because it had too many",
        silence=_SAID_ONCE,
        look="redis",
    ),
    Watch(
        key="shared-files",
        metrics={"connections": Metric(of=SHARED_FILES, name="ClientConnections", statistic="Sum")},
        expression="{mounts} - connections",
        threshold=0,
        periods=5,
        missing=ALARM,
        meaning="more than {threshold} hosts have been without the shared files for five minutes",
        silence="A file system that no host has mounted reports nothing.",
        look="uploads",
    ),
    Watch(
        key="certificate",
        metrics={"m": Metric(of=CERTIFICATE, name="DaysToExpiry", statistic="Minimum")},
        threshold=30,
        below=True,
        period=86400,
        missing=AS_BEFORE,
        meaning="the certificate expires in less than {threshold} days; ACM should have renewed it a month ago",
        silence="ACM reports twice a day, and no longer once the certificate has expired.",
        look="aws",
    ),
)
