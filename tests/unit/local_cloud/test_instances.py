# SPDX-License-Identifier: GPL-3.0-or-later
"""Which machine an instance becomes, and what EC2 says meanwhile; without machines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.local_cloud import images, instances
from lab.local_cloud.distributions import DISTRIBUTIONS, Distribution
from lab.local_cloud.instances import Instances
from lab.local_cloud.public_catalogue import IMAGES
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings

BUILT = "debian12"
AMI = {distribution.name: image for image, distribution in IMAGES.items()}


class Machines:
    """Stands for the containers: remembers which image each machine was made of."""

    def __init__(self, _settings: Settings) -> None:
        self.image_of: dict[str, str] = {}

    def owned(self, _kind: str) -> dict[str, Any]:
        return {}

    def create(self, _kind: str, name: str, *, image: str, **_more: object) -> None:
        self.image_of[name] = image


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Return what a build waits for. Debian 12's image is there, and no other one."""
    opened = threading.Event()

    def ensure(_settings: Settings, distribution: Distribution) -> str:
        if distribution.name != BUILT:
            opened.wait(10)
        return distribution.name

    monkeypatch.setattr(images, "has_base_image", lambda distribution: distribution.name == BUILT)
    monkeypatch.setattr(images, "ensure_base_image", ensure)
    monkeypatch.setattr(instances, "Containers", Machines)
    monkeypatch.setattr(instances, "PackageCache", lambda _settings: SimpleNamespace(ensure=lambda: False))
    yield opened
    opened.set()


@pytest.fixture
def service(tmp_path: Path, gate: threading.Event) -> Instances:
    return Instances(Settings(directory=tmp_path), World())


def instance(number: int, image: str) -> Any:
    """Stand for one of moto's, which are `running` at once."""
    state = SimpleNamespace(name="running", code=16)

    class Instance(SimpleNamespace):
        @property
        def state(self) -> str:
            return str(state.name)

    return Instance(
        id=f"i-{number}",
        image_id=image,
        _state=state,
        private_ip_address=str(IPv4Address("10.77.0.4") + number),
        key_name=None,
        user_data=None,
        ec2_backend=SimpleNamespace(key_pairs={}),
    )


def made(service: Instances) -> dict[str, str]:
    machines: Any = service._containers
    found: dict[str, str] = machines.image_of
    return found


def test_an_instance_of_an_image_that_is_there_runs_when_ec2_answers(service: Instances) -> None:
    host = instance(1, AMI["debian12"])
    service._run([host])
    assert (host.state, made(service)) == ("running", {"i-1": "debian12"})


def test_an_instance_is_pending_while_its_image_is_built(service: Instances, gate: threading.Event) -> None:
    old, new = instance(1, AMI["debian12"]), instance(2, AMI["debian13"])
    service._run([new, old])
    assert (old.state, new.state, made(service)) == ("running", "pending", {"i-1": "debian12"})
    gate.set()
    service._jobs.finish()
    assert (new.state, made(service)) == ("running", {"i-1": "debian12", "i-2": "debian13"})


def test_an_instance_that_was_terminated_meanwhile_gets_no_machine(service: Instances, gate: threading.Event) -> None:
    host = instance(1, AMI["debian13"])
    service._run([host])
    host._state.name = "terminated"
    gate.set()
    service._jobs.finish()
    assert (host.state, made(service)) == ("terminated", {})


def test_an_image_that_cannot_be_run_here_is_named_in_ec2s_reason(service: Instances) -> None:
    host = instance(1, "ami-12345678")
    service._run([host])
    assert (host.state, made(service)) == ("terminated", {})
    assert "no machine image ami-12345678" in host.state_reason.message


def test_there_is_an_image_of_each_debian() -> None:
    assert set(AMI) == {name for name in DISTRIBUTIONS if name.startswith("debian")}
