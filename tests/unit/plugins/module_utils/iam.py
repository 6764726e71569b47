# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides as IAM does, as far as the stage's policies go: an explicit Deny wins, else an Allow, else no.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from typing import Any

Policy = dict[str, Any]
# Each operator as a function of the policy's value and the request's. A key that the request lacks matches nothing.
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "ArnLike": lambda wanted, given: fnmatch.fnmatchcase(given, wanted),
    "Bool": lambda wanted, given: given.lower() == wanted,
    "StringLike": lambda wanted, given: fnmatch.fnmatchcase(given, wanted),
    # Of the contexts of these tests, each has one value.
    "ForAnyValue:StringEquals": lambda wanted, given: given == wanted,
    "StringEquals": lambda wanted, given: given == wanted,
}


def allowed(policies: list[Policy], *, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Tell whether POLICIES (of the identity and of the resource, in one account) let ACTION happen to RESOURCE."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in policy["Statement"]
        if _applies(statement, action, resource, context)
    }
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: dict[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    return (
        any(fnmatch.fnmatchcase(action.lower(), wanted.lower()) for wanted in statement["Action"])
        and any(fnmatch.fnmatchcase(resource, wanted) for wanted in statement["Resource"])
        and all(
            key in context and OPERATORS[operator](wanted, context[key])
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )
