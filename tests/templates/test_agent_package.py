# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package of Amazon's agent a host gets: that of its distribution and its architecture."""

from __future__ import annotations

import pytest
import yaml

from tests.templates.rendering import ROLES, evaluate


@pytest.mark.parametrize(
    ("distribution", "architecture", "folder"),
    [
        ("Debian", "x86_64", "debian/amd64"),
        ("Debian", "aarch64", "debian/arm64"),
        ("Ubuntu", "aarch64", "ubuntu/arm64"),
    ],
)
def test_the_package_fits_the_machine(distribution: str, architecture: str, folder: str) -> None:
    told = {
        "cloudwatch_agent_version": "1.300064.0b1337-1",
        "ansible_facts": {"distribution": distribution, "architecture": architecture},
    }
    assert f"/{folder}/1.300064.0b1337/" in evaluate("cloudwatch_agent", "cloudwatch_agent_package", **told)
    assert f"/{folder}/" in evaluate("cloudwatch_agent", "cloudwatch_agent_signature", **told)


@pytest.mark.parametrize(
    ("architecture", "told", "refused"),
    [
        ("x86_64", {}, False),
        ("riscv64", {}, True),
        ("riscv64", {"cloudwatch_agent_package": "s3://bucket/agent.deb"}, False),
    ],
)
def test_a_machine_without_a_package_is_refused(architecture: str, told: dict[str, str], refused: bool) -> None:
    (task, *_) = yaml.safe_load((ROLES / "cloudwatch_agent/tasks/validate.yml").read_text(encoding="utf-8"))
    facts = {"distribution": "Debian", "architecture": architecture}
    condition = f"({task['ansible.builtin.assert']['that']})"
    given = {"cloudwatch_agent_version": "1-1", "ansible_facts": facts, **told}
    assert evaluate("cloudwatch_agent", condition, **given) != refused
