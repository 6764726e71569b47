# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent's words: what it calls metrics, which retentions CloudWatch Logs has, how it writes timestamps."""

from __future__ import annotations

RETENTION_DAYS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)

# What stands for a part of a timestamp, and a regular expression for it.
TIMESTAMP_CODES = {
    "%Y": r"\d{4}", "%y": r"\d{2}", "%B": r"\w+", "%b": r"\w{3}", "%m": r"\d{2}", "%-m": r"\d{1,2}",
    "%d": r"\d{2}", "%-d": r"\d{1,2}", "%A": r"\w+", "%a": r"\w{3}", "%H": r"\d{2}", "%I": r"\d{2}", "%-I": r"\d{1,2}",
    "%p": r"[AP]M", "%M": r"\d{2}", "%-M": r"\d{1,2}", "%S": r"\d{2}", "%-S": r"\d{1,2}", "%f": r"\d{1,9}",
    "%Z": r"\w{3,4}", "%z": r"[+-]\d{4}",
}  # fmt: skip

_CPU_STATES = ("active", "guest", "guest_nice", "idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
_METRICS = {
    "cpu": " ".join(f"{kind}_{state}" for kind in ("time", "usage") for state in _CPU_STATES),
    "disk": "free inodes_free inodes_total inodes_used total used used_percent",
    "diskio": "io_time iops_in_progress read_bytes read_time reads write_bytes write_time writes",
    "mem": "active available available_percent buffered cached free inactive shared slab total used used_percent",
    "net": "bytes_recv bytes_sent drop_in drop_out err_in err_out packets_recv packets_sent",
    "processes": "blocked dead idle paging running sleeping stopped total total_threads wait zombies",
    "procstat": (
        "cpu_time cpu_time_system cpu_time_user cpu_usage involuntary_context_switches memory_data memory_locked "
        "memory_rss memory_stack memory_swap memory_vms num_fds num_threads pid pid_count read_bytes read_count "
        "signals_pending voluntary_context_switches write_bytes write_count"
    ),
    "swap": "free used used_percent",
}
METRICS = {plugin: frozenset(names.split()) for plugin, names in _METRICS.items()}
APPENDED_DIMENSIONS = {
    name: f"${{aws:{name}}}" for name in ("ImageId", "InstanceId", "InstanceType", "AutoScalingGroupName")
}
