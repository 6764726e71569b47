# SPDX-License-Identifier: GPL-3.0-or-later
"""A file system of EFS is a folder that an instance can mount by its name, once it has an address; nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lab.local_cloud.images import RECIPE
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings
from lab.local_cloud.shared_files import SharedFiles

Aws = Callable[[str], Any]
NAME = "fs-1.efs.us-east-1.amazonaws.com"
OPTIONS = "nfsvers=4.1,rsize=1048576,hard,timeo=600,retrans=2,noresvport,lookupcache=pos,nosuid,_netdev"


def test_a_file_system_has_a_folder_and_with_an_address_a_name(aws: Aws, tmp_path: Path) -> None:
    settings = Settings(directory=tmp_path)
    service = SharedFiles(settings, World())
    efs = aws("efs")
    identifier = efs.create_file_system(CreationToken="amy")["FileSystemId"]
    service.tick()
    upload = settings.shared_files / identifier / "upload"
    upload.write_text("precious")

    def names() -> dict[str, str]:
        service.tick()
        found: dict[str, str] = json.loads((settings.shared_files / "names.json").read_text())
        return found

    assert names() == {}
    subnet = aws("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    target = efs.create_mount_target(FileSystemId=identifier, SubnetId=subnet)["MountTargetId"]
    assert names() == {f"{identifier}.efs.us-east-1.amazonaws.com": identifier}
    efs.delete_mount_target(MountTargetId=target)
    assert names() == {}
    assert upload.read_text() == "precious"
    service.close()
    assert not settings.shared_files.exists()


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the stand-in for mount.nfs4, with one file system, and without rights to mount."""
    loader = SourceFileLoader("mount_nfs", str(RECIPE / "base/usr/local/lib/instance/mount-nfs"))
    spec = spec_from_loader("mount_nfs", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    (tmp_path / "fs-1/sub").mkdir(parents=True)
    (tmp_path / "fs-2").mkdir()
    (tmp_path / "names.json").write_text(json.dumps({NAME: "fs-1"}))
    monkeypatch.setattr(module, "FILES", str(tmp_path))
    module.commands = []  # type: ignore[attr-defined]
    monkeypatch.setattr(module.subprocess, "run", lambda command, check: module.commands.append((command, check)))
    return module


def mount(helper: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[list[str]]:
    """What the stand-in runs to mount."""
    monkeypatch.setattr("sys.argv", ["/sbin/mount.nfs4", *arguments])
    helper.main()
    return [command for command, _check in helper.commands]


def test_it_binds_the_folder_with_what_the_kernel_knows_of_the_options(
    helper: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert mount(helper, monkeypatch, f"{NAME}:/sub", "/there", "-o", OPTIONS) == [
        ["mount", "-n", "--bind", str(tmp_path / "fs-1/sub"), "/there"],
        ["mount", "-n", "-o", "remount,bind,nosuid", "/there"],
    ]


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        (("fs-2.efs.us-east-1.amazonaws.com:/", OPTIONS), (32, "Failed to resolve server fs-2")),
        (("fs-1.efs.eu-west-1.amazonaws.com:/", OPTIONS), (32, "Failed to resolve server fs-1")),
        ((f"{NAME}:/absent", OPTIONS), (32, "No such file or directory")),
        ((f"{NAME}:/../fs-2", OPTIONS), (32, "No such file or directory")),
        ((NAME, OPTIONS), (32, "not in 'host:dir' format")),
        ((f"{NAME}:/", "hard,tls-please"), (1, "an incorrect mount option was specified")),
        ((f"{NAME}:/", "nfsvers=3"), (32, "Protocol not supported")),
    ],
)
def test_it_refuses_what_the_real_one_would(
    helper: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: tuple[str, str],
    ends: tuple[int, str],
) -> None:
    source, options = given
    with pytest.raises(SystemExit) as ended:
        mount(helper, monkeypatch, source, "/there", "-o", options)
    assert ended.value.code == ends[0]
    assert ends[1] in capsys.readouterr().err
    assert helper.commands == []
