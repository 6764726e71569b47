# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and removing the whole, without starting or removing anything."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from lab.local_cloud import engine, images, lifecycle, network, registry
from lab.local_cloud.balancer.service import Balancer
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Settings(directory=tmp_path / "local", endpoint_port=port)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[str]:
    """Put recorders in the place of everything that acts."""
    record: list[str] = []

    class Other(Balancer):
        def close(self) -> None:
            record.append("close HAProxy")

    class Containers:
        def close(self) -> None:
            record.append("remove containers")

    monkeypatch.setattr(engine, "engine_answers", lambda: True)
    monkeypatch.setattr(engine, "prepare", lambda _: record.append("prepare"))
    monkeypatch.setattr(engine, "release", lambda _: record.append("release"))
    monkeypatch.setattr(network, "remove_network", lambda _: record.append("remove network"))
    monkeypatch.setattr(registry, "services", lambda *_: [Containers(), Other(settings, World())])
    return record


def owned_by(monkeypatch: pytest.MonkeyPatch, owner: str | None) -> None:
    monkeypatch.setattr(lifecycle, "_network_owner", lambda _: owner)


def test_down_removes_all_that_is_ours(settings: Settings, done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    owned_by(monkeypatch, str(settings.directory))
    settings.directory.mkdir()
    lifecycle.down(settings)
    assert done == ["close HAProxy", "remove containers", "remove network", "release"]
    assert not settings.directory.exists()


def test_down_spares_what_another_checkout_has_started(
    settings: Settings, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owned_by(monkeypatch, "/somewhere/else/.local")
    settings.directory.mkdir()
    lifecycle.down(settings)
    assert done == ["close HAProxy", "release"]


def test_down_without_a_local_cloud_does_nothing(settings: Settings, done: list[str]) -> None:
    lifecycle.down(settings)
    assert done == []
    assert not settings.directory.exists()


def test_up_refuses_a_taken_port(settings: Settings, done: list[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.endpoint_port))
        other.listen()
        with pytest.raises(lifecycle.LifecycleError, match=rf"port {settings.endpoint_port} .* is taken"):
            lifecycle.up(settings)
    assert done == []


def test_up_refuses_a_network_of_another_checkout(
    settings: Settings, done: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    owned_by(monkeypatch, str(tmp_path))
    with pytest.raises(lifecycle.LifecycleError, match=f"belongs to {tmp_path}; .* --take-over"):
        lifecycle.up(settings)
    assert done == ["prepare"]


def test_up_never_removes_a_network_that_no_local_cloud_has_made(
    settings: Settings, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owned_by(monkeypatch, "")
    with pytest.raises(lifecycle.LifecycleError, match="belongs to something else"):
        lifecycle.up(settings, take_over=True)
    assert done == ["prepare"]


@pytest.mark.parametrize("exists", [True, False])
def test_up_removes_what_is_abandoned(
    settings: Settings, done: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, exists: bool
) -> None:
    owner = tmp_path / "abandoned"
    if exists:
        owner.mkdir()
    owned_by(monkeypatch, str(owner))
    monkeypatch.setattr(images, "ensure_database_image", lambda _: done.append("start"))
    monkeypatch.setattr(network, "ensure_network", lambda _: None)
    monkeypatch.setattr(lifecycle, "_start", lambda _: None)
    lifecycle.up(settings, take_over=exists)
    removal = ["close HAProxy", "remove containers", "remove network", "release"]
    assert done == ["prepare", *removal, "prepare", "start"]
    assert not owner.exists()


def test_up_refuses_a_second_stage(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "running", lambda _: {"pid": 1})
    settings.directory.mkdir()
    lifecycle.up(settings, stage="local")
    settings.stage_file.write_text('{"stage": null}')
    lifecycle.up(settings, stage="local")
    settings.stage_file.write_text('{"stage": "local"}')
    lifecycle.up(settings)
    lifecycle.up(settings, stage="local")
    with pytest.raises(lifecycle.LifecycleError, match=r"has stage local, .*make local-down"):
        lifecycle.up(settings, stage="another")
