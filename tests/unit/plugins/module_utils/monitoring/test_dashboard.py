# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage's dashboard shows what there is of it, with thresholds and deploys, and is put only if it differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugins.module_utils.monitoring.alarms import Stage
from plugins.module_utils.monitoring.dashboard import ACTIVATIONS, GRAPHS, WIDTH, dashboard
from plugins.module_utils.monitoring.dashboards import Dashboards
from plugins.module_utils.monitoring.watches import WATCHES
from tests.unit.plugins.module_utils.monitoring.stages import BARE, WHOLE


def widgets(stage: Stage, **options: Any) -> list[dict[str, Any]]:
    given = {"region": "us-east-1", "log_group": "/amy/test", "alarms": ["arn:a"], "thresholds": {}, **options}
    body = dashboard(stage, **given)
    found: list[dict[str, Any]] = body["widgets"]
    return found


def graphs(stage: Stage, **options: Any) -> dict[str, dict[str, Any]]:
    shown = [widget["properties"] for widget in widgets(stage, **options) if widget["type"] == "metric"]
    return {properties["title"]: properties for properties in shown}


def test_a_whole_stage_has_every_graph_and_a_bare_one_those_of_its_load_balancer() -> None:
    assert list(graphs(WHOLE)) == [graph.title for graph in GRAPHS]
    assert list(graphs(BARE)) == [graph.title for graph in GRAPHS[:3]]


def test_no_widget_covers_another_or_leaves_the_page() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in widgets(WHOLE):
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken
        assert widget["x"] + widget["width"] <= WIDTH
        taken |= cells


def test_each_host_is_a_line() -> None:
    memory = graphs(WHOLE)["Memory in use, %"]
    assert [line[-1]["label"] for line in memory["metrics"]][:2] == ["redis1", "web1"]
    assert memory["metrics"][1][:4] == ["amy/test", "mem_used_percent", "InstanceId", "i-1"]


def test_the_threshold_in_a_graph_is_that_of_the_alarm() -> None:
    drawn = graphs(WHOLE, thresholds={"memory": 70})
    assert drawn["Memory in use, %"]["annotations"]["horizontal"][0]["value"] == 70
    assert drawn["Disk in use, %"]["annotations"]["horizontal"][0]["value"] == 85
    assert {graph.watch for graph in GRAPHS if graph.watch} <= {watch.key for watch in WATCHES}


def test_deploys_are_in_every_graph_and_in_a_table_if_logs_tell_of_them() -> None:
    assert all(properties["metrics"][-1][1] == ACTIVATIONS for properties in graphs(WHOLE).values())
    (table,) = [widget["properties"] for widget in widgets(WHOLE) if widget["type"] == "log"]
    assert table["query"].startswith("SOURCE '/amy/test'")
    assert not [widget for widget in widgets(BARE) if widget["type"] == "log"]
    assert ACTIVATIONS not in str(widgets(BARE))


@pytest.fixture
def kept(aws: Callable[[str], Any]) -> Dashboards:
    return Dashboards(aws("cloudwatch"))


def test_a_dashboard_is_read_as_it_was_put_until_it_is_deleted(kept: Dashboards) -> None:
    body = dashboard(WHOLE, region="us-east-1", log_group="/amy/test", alarms=[], thresholds={})
    assert kept.body("amy-test") is None
    assert kept.settle("amy-test", body) == []
    assert kept.body("amy-test") == body
    kept.settle("amy-test", None)
    assert kept.body("amy-test") is None
