# SPDX-License-Identifier: GPL-3.0-or-later
"""A listener rule's conditions as HAProxy's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


def quoted(text: str) -> str:
    """Return `text` as one word of HAProxy's configuration, whatever is in it."""
    if "'" not in text and text.isprintable() and text.isascii():
        return f"'{text}'"
    plain = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    return "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in text.encode())


def render(condition: dict[str, Any]) -> str:
    """Return one condition as an anonymous ACL: true when one of its values matches. KeyError: no such field."""
    return f"{{ {_FIELDS[condition['Field']](condition)} }}"


def _values(condition: dict[str, Any], config: str) -> list[Any]:
    return list(condition.get("Values") or condition[config]["Values"])


def _wildcards(pattern: str, *, any_character: str = ".") -> str:
    """Return an ELBv2 pattern (`*`: any characters, `?`: one) as a regular expression."""
    return "".join(
        {"*": f"{any_character}*", "?": any_character}.get(character) or re.escape(character) for character in pattern
    )


def _matching(fetch: str, patterns: list[str], *, ignore_case: bool) -> str:
    flag = " -i" if ignore_case else ""
    return f"{fetch} -m reg{flag} {' '.join(quoted(f'^{_wildcards(pattern)}$') for pattern in patterns)}"


def _path(condition: dict[str, Any]) -> str:
    return _matching("path", _values(condition, "PathPatternConfig"), ignore_case=False)


def _host(condition: dict[str, Any]) -> str:
    return _matching("req.hdr(host),field(1,:)", _values(condition, "HostHeaderConfig"), ignore_case=True)


def _header(condition: dict[str, Any]) -> str:
    config = condition["HttpHeaderConfig"]
    return _matching(f"req.fhdr({config['HttpHeaderName']})", config["Values"], ignore_case=True)


def _method(condition: dict[str, Any]) -> str:
    return f"method -m str {' '.join(quoted(value) for value in _values(condition, 'HttpRequestMethodConfig'))}"


def _source(condition: dict[str, Any]) -> str:
    return f"src {' '.join(_values(condition, 'SourceIpConfig'))}"


def _query(condition: dict[str, Any]) -> str:
    def expression(pair: dict[str, str]) -> str:
        key = _wildcards(pair["Key"], any_character="[^&=]") + "=" if pair.get("Key") else "([^&=]*=)?"
        return f"(^|&){key}{_wildcards(pair['Value'], any_character='[^&]')}(&|$)"

    return f"query -m reg -i {' '.join(quoted(expression(pair)) for pair in _values(condition, 'QueryStringConfig'))}"


_FIELDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "path-pattern": _path,
    "host-header": _host,
    "http-header": _header,
    "http-request-method": _method,
    "source-ip": _source,
    "query-string": _query,
}
