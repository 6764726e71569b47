# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restarted control plane remembers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROUND = """
import io, json, sys, threading
from pathlib import Path
from lab.local_cloud.server import ControlPlane
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings
from moto.acm.models import acm_backends
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.s3.models import s3_backends

directory, first = Path(sys.argv[1]), sys.argv[2] == "first"
settings = Settings(directory=directory)
plane = ControlPlane(settings, World(), [])


def send(service, body, method="POST", path="/", kind="application/x-www-form-urlencoded", **more):
    scope = f"AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/{service}/aws4_request, SignedHeaders=h, Signature=x"
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5077", "HTTP_HOST": "127.0.0.1:5077", "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1", "HTTP_AUTHORIZATION": scope, "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr, "wsgi.version": (1, 0), "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False, **more,
    }
    return b"".join(plane._answer(environ, lambda *_: None))


def query(service, version, action, **parameters):
    return send(service, "&".join(
        [f"Action={action}", f"Version={version}", *(f"{k}={v}" for k, v in parameters.items())]
    ).encode())


EC2 = ("ec2", "2016-11-15")
if first:
    stop = threading.Event()
    def read():
        while not stop.is_set():
            query(*EC2, "DescribeVpcs")
            query("iam", "2010-05-08", "ListRoles")
    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    query(*EC2, "CreateVpc", CidrBlock="10.77.0.0/24")
    query(*EC2, "CreateKeyPair", KeyName="made")
    query(*EC2, "AllocateAddress", Domain="vpc")
    json_kind = {"kind": "application/x-amz-json-1.1"}
    request = json.dumps({"DomainName": "amy.example.org", "ValidationMethod": "DNS"}).encode()
    send("acm", request, HTTP_X_AMZ_TARGET="CertificateManager.RequestCertificate", **json_kind)
    send("s3", b"", method="PUT", path="/artifacts", kind="")
    send("s3", b"x" * 100_000, method="PUT", path="/artifacts/large", kind="")
    send("s3", b"small", method="PUT", path="/artifacts/small", kind="")
    stop.set()
    for reader in readers:
        reader.join()
else:
    plane.start([])

ec2 = ec2_backends[settings.account][settings.region]
certificates = acm_backends[settings.account][settings.region]._certificates
bucket = s3_backends[settings.account]["aws"].buckets.get("artifacts")
print(json.dumps({
    "vpcs": sorted(vpc.id for vpc in ec2.describe_vpcs()),
    "addresses": sorted(address.allocation_id for address in ec2.describe_addresses()),
    "key pairs": {name: pair.material.decode() for name, pair in ec2.key_pairs.items()},
    "certificates": {arn: bundle.cert.decode() + bundle.key.decode() for arn, bundle in certificates.items()},
    "objects": {name: len(key.value) for name, key in bucket.keys.items()} if bucket else None,
}))
"""


def play(directory: Path, which: str) -> dict[str, Any]:
    """Run a control plane in a process of its own; return what its backends hold at the end."""
    done = subprocess.run(
        [sys.executable, "-c", ROUND, str(directory), which],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    state: dict[str, Any] = json.loads(done.stdout)
    return state


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    directory = tmp_path_factory.mktemp("local")
    return directory, play(directory, "first")


def test_a_replay_gives_the_same_ids_keys_and_objects(lived: tuple[Path, dict[str, Any]]) -> None:
    directory, before = lived
    assert len(before["vpcs"]) == 2
    assert len(before["addresses"]) == 1
    assert "PRIVATE KEY" in before["key pairs"]["made"]
    assert before["objects"] == {"large": 100_000, "small": 5}
    assert play(directory, "again") == before


def test_another_fresh_start_gives_the_same_ids(lived: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    other = play(tmp_path, "first")
    assert (other["vpcs"], other["addresses"]) == (lived[1]["vpcs"], lived[1]["addresses"])
    assert list(other["certificates"]) == list(lived[1]["certificates"])


def test_secrets_are_readable_by_their_owner_only(lived: tuple[Path, dict[str, Any]]) -> None:
    directory, _ = lived
    assert (directory / "journal.jsonl").stat().st_mode & 0o777 == 0o600
    kept = [*(directory / "keys").iterdir(), *(directory / "objects").iterdir()]
    assert len(kept) == 4  # the authority, a certificate, a key pair, the large object
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}


def test_reading_is_not_recorded_and_large_bodies_are_elsewhere(lived: tuple[Path, dict[str, Any]]) -> None:
    directory, _ = lived
    entries = [json.loads(line) for line in (directory / "journal.jsonl").read_text().splitlines()]
    assert [entry["number"] for entry in entries] == list(range(1, 8))
    assert sum("object" in entry for entry in entries) == 1
    assert (directory / "journal.jsonl").stat().st_size < 20_000


def test_a_line_that_a_crash_cut_short_is_dropped(lived: tuple[Path, dict[str, Any]]) -> None:
    directory, before = lived
    journal = directory / "journal.jsonl"
    whole = journal.read_bytes()
    with journal.open("ab") as file:
        file.write(b'{"number": 8, "ti')
    assert play(directory, "again") == before
    assert journal.read_bytes() == whole
