"""Read bounded numbers from a query string."""

from __future__ import annotations

import math

from django.core.exceptions import BadRequest
from django.http import HttpRequest


def number(request: HttpRequest, name: str, *, default: float, low: float, high: float) -> float:
    """Return the query parameter `name` as a number; raise BadRequest unless it lies between `low` and `high`."""
    text = request.GET.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise BadRequest(f"{name} must be a number from {low:g} to {high:g}, not {text!r}.")
    return value
