# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What releases are called, their settings, the Python they ask for, and whose files a host lacks; for playbooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils.release import builders, earlier, left_out, names, own_files, python_asked, pythons
from ..module_utils.release import environment as environment_module
from ..module_utils.release.failure import ReleaseError


def release_id(ref: str, commit: str, environment: Mapping[str, Any], recipe: Mapping[str, Any] | None = None) -> str:
    """The id of the release of `commit` with these settings."""
    try:
        return names.release_id(ref=ref, commit=commit, environment=environment, recipe=recipe or {})
    except ReleaseError as error:
        raise AnsibleFilterError(str(error)) from error


def settings8(settings: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits that change with any setting."""
    return names.digest8(settings)


def release_postactivate(environment: Mapping[str, Any], of: str = "release_environment or release_secrets") -> str:
    """The text of `postactivate` for this environment, which the variable `of` has."""
    try:
        return environment_module.postactivate(environment, of=of)
    except ReleaseError as error:
        raise AnsibleFilterError(str(error)) from error


def release_files(files: Mapping[Any, Any], shared_paths: Sequence[str], static_directory: str) -> dict[str, str]:
    """The stage's files in a release, if it may have them where they are to be."""
    try:
        return own_files.own_files(files, shared_paths=shared_paths, static_directory=static_directory)
    except ReleaseError as error:
        raise AnsibleFilterError(str(error)) from error


def lacking_static(fleet: Sequence[Mapping[str, Any]], kept: Sequence[Mapping[str, Any]], keep: int) -> list[Any]:
    """The releases of the fleet whose static files a host that serves those of `kept` lacks."""
    return earlier.lacking(fleet, kept=[entry["id"] for entry in kept], keep=int(keep))


def python_refusal(verdict: Mapping[str, Any], ref: str, stage: str) -> str:
    """What an operator is told of a Python that does not fit the source; empty if it fits."""
    return python_asked.refusal(python_asked.Verdict(**verdict), ref=ref, stage=stage)


def left_out_refusal(gaps: Sequence[Mapping[str, str]], ref: str, stage: str) -> str:
    """What an operator is told of what a repository has elsewhere; empty if that is nothing."""
    return left_out.refusal(gaps, ref=ref, stage=stage)


def distribution_python(wanted: str, found: Mapping[str, str]) -> str:
    """The path of the distribution's Python of that version; empty if it has none."""
    try:
        return pythons.distribution_python(str(wanted), found=found)
    except ReleaseError as error:
        raise AnsibleFilterError(str(error)) from error


def release_builders(hosts: Iterable[Mapping[str, Any]], utility: Sequence[str]) -> list[str]:
    """The hosts that build, of application hosts of which each is its variables."""
    described = [
        builders.Host(
            name=host["inventory_hostname"],
            role=host.get("ec2_tags", {}).get("Role", ""),
            platform=host.get("check_host", {}).get("platform", ""),
        )
        for host in hosts
    ]
    return builders.builders(described, utility=utility)


class FilterModule:
    """Registers the filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By their names in playbooks."""
        return {
            "distribution_python": distribution_python,
            "lacking_static": lacking_static,
            "left_out_refusal": left_out_refusal,
            "python_refusal": python_refusal,
            "release_builders": release_builders,
            "release_files": release_files,
            "release_id": release_id,
            "release_postactivate": release_postactivate,
            "release_references": environment_module.references,
            "release_slug": names.release_slug,
            "settings8": settings8,
        }
