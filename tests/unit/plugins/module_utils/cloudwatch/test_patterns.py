# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest

from plugins.module_utils.cloudwatch.patterns import pattern_problem, timestamp_pattern, timestamp_problem


@pytest.mark.parametrize(
    "pattern",
    [r"^\[\d{4}-", r"(?i)^(?P<day>\d+)(?:st|nd)?$", r"[(?=]+\\1", r"a{2,1000}?", r"[]}+]x", r"\(?=x"],
)
def test_expression_that_the_agent_knows(pattern: str) -> None:
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("^[", "no regular expression"),
        ("^(?=x)", "'(?='"),
        ("(?<!x)y", "'(?<!'"),
        (r"(a)\1", r"'\\1'"),
        (r"(?P<a>x)(?P=a)", "'(?P='"),
        (r"x\Z", r"'\\Z'"),
        ("x{2000}", "more than 1000 times"),
    ],
)
def test_expression_that_the_agent_does_not_know(pattern: str, complaint: str) -> None:
    assert complaint in str(pattern_problem(pattern))


@pytest.mark.parametrize(
    ("timestamp_format", "text"),
    [
        ("%d/%b/%Y:%H:%M:%S %z", "[25/Nov/2026:01:31:29 +0000] x"),
        ("%Y-%m-%d %H:%M:%S,%f", "2026-11-25 01:31:29,123 INFO"),
        ("%Y/%m/%d %H:%M:%S", "2026/11/25 01:31:29 [error]"),
        ("%b %-d %H:%M:%S", "Nov 5 01:31:29 host"),
    ],
)
def test_timestamp_is_found(timestamp_format: str, text: str) -> None:
    assert timestamp_problem(timestamp_format) is None
    assert re.search(timestamp_pattern(timestamp_format), text)
    assert not re.search(timestamp_pattern(timestamp_format), "Traceback (most recent call last):")


@pytest.mark.parametrize("timestamp_format", ["%Q", "%s", "%", "%-Y", "2026"])
def test_timestamp_format_that_the_agent_does_not_know(timestamp_format: str) -> None:
    assert timestamp_problem(timestamp_format)
