# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine images: a distribution as a cloud has it, and one with PostgreSQL 15 as RDS has it."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import subprocess
import tarfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import docker
from docker.models.containers import Container

from lab.local_cloud.containers import File, MachineError, archive, execute
from lab.local_cloud.distributions import DEFAULT, Distribution, package_sources
from lab.local_cloud.settings import Settings

logger = logging.getLogger(__name__)

RECIPE = Path(__file__).with_name("image")
REGISTRY_SECONDS = 8
# Where programs are told which certificate authorities this computer trusts, in order of precedence.
CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
# Machines that start at the same time wait for one image, and do not build it twice.
_building = threading.Lock()


class ImageError(RuntimeError):
    """An image could not be built; the message says which step failed."""


def ensure_base_image(settings: Settings, distribution: Distribution = DEFAULT) -> str:
    """The tag of the machine image, built first unless it is there. Raises ImageError."""
    bundle = certificate_bundle(os.environ)
    tag = base_tag(RECIPE, bundle, distribution)
    with _building:
        if not _exists(tag):
            _build_base_image(settings, distribution, tag=tag, bundle=bundle)
    return tag


def has_base_image(distribution: Distribution) -> bool:
    """Whether the machine image is built."""
    return _exists(base_tag(RECIPE, certificate_bundle(os.environ), distribution))


def ensure_database_image(settings: Settings) -> str:
    """The tag of the database image, built first unless it is there. Raises ImageError."""
    base = ensure_base_image(settings)
    tag = database_tag(RECIPE, base)
    if _exists(tag):
        return tag
    logger.info("building %s", tag)
    with _scratch(docker.from_env(), base) as container:
        _run_script(container, RECIPE / "database.sh", ())
        _commit(container, tag, 'CMD ["/usr/local/sbin/boot"]')
    return tag


def base_tag(recipe: Path, bundle: str, distribution: Distribution = DEFAULT) -> str:
    """The machine image's tag: its recipe's fingerprint, so that a changed recipe is a new image."""
    files = [
        recipe / "base.sh",
        recipe / "packages.txt",
        *sorted(p for p in (recipe / "base").rglob("*") if p.is_file()),
    ]
    parts = [part for file in files for part in (file.relative_to(recipe).as_posix().encode(), file.read_bytes())]
    return f"amy-local/{distribution.name}:{fingerprint([*parts, bundle.encode()])}"


def database_tag(recipe: Path, base: str) -> str:
    """The database image's tag: the fingerprint of its recipe and of the image under it."""
    return f"amy-local/postgres15:{fingerprint([base.encode(), (recipe / 'database.sh').read_bytes()])}"


def fingerprint(parts: Iterable[bytes]) -> str:
    """Twelve hexadecimal digits that change when any part does, or the border between two parts."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:12]


def packages(recipe: Path) -> list[str]:
    """The packages of the machine image."""
    lines = (line.partition("#")[0].strip() for line in (recipe / "packages.txt").read_text().splitlines())
    return [line for line in lines if line]


def overlay(root: Path) -> list[File]:
    """The files under `root`, for a container's root directory."""
    return [
        File(
            path=path.relative_to(root).as_posix(),
            content=path.read_bytes(),
            mode=0o755 if os.access(path, os.X_OK) else 0o644,
        )
        for path in sorted(root.rglob("*"))
        if path.is_file()
    ]


def certificate_bundle(environment: Mapping[str, str]) -> str:
    """The certificate authorities this computer was told to trust by environment variable; empty if by none."""
    for variable in CERTIFICATE_VARIABLES:
        path = Path(environment.get(variable, ""))
        if path.is_file():
            return path.read_text(errors="replace")
    return ""


def missing_certificates(wanted: str, present: str) -> list[str]:
    """Certificates of the bundle `wanted` that the bundle `present` lacks, in PEM."""
    known = {"".join(certificate.split()) for certificate in CERTIFICATE.findall(present)}
    return [certificate for certificate in CERTIFICATE.findall(wanted) if "".join(certificate.split()) not in known]


def _build_base_image(settings: Settings, distribution: Distribution, *, tag: str, bundle: str) -> None:
    logger.info("building %s", tag)
    client = docker.from_env()
    with _scratch(client, _root_image(client, settings, distribution)) as container:
        container.put_archive("/", archive(overlay(RECIPE / "base")))
        _run_script(container, RECIPE / "base.sh", packages(RECIPE))
        _trust(container, bundle)
        _commit(container, tag, 'CMD ["/usr/local/sbin/boot"]')


def _exists(tag: str) -> bool:
    return bool(docker.from_env().images.list(name=tag))


def _root_image(client: docker.DockerClient, settings: Settings, distribution: Distribution) -> str:
    """A minimal system: the public image where a registry answers, else one from this computer's package mirror."""
    public = distribution.public_image
    if client.images.list(name=public):
        return public
    try:
        docker.from_env(timeout=REGISTRY_SECONDS).images.get_registry_data(public)
        client.images.pull(public)
    except (docker.errors.DockerException, OSError) as error:
        logger.info("no registry gives %s (%s); bootstrapping it", public, str(error).splitlines()[0])
        return _bootstrap(client, settings, distribution)
    return public


def _bootstrap(client: docker.DockerClient, settings: Settings, distribution: Distribution) -> str:
    """Make a system with mmdebstrap, with the image's packages: one transaction is quicker than two."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    sources = package_sources((file.read_text() for file in files if file.is_file()), distribution)
    command = [
        "mmdebstrap", "--quiet", "--variant=minbase", f"--components={','.join(distribution.components)}",
        f"--include={','.join(packages(RECIPE))}",
        "--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"',
        # A machine whose package lists look fresh and are empty finds no package.
        "--skip=cleanup/apt/lists", distribution.codename, "-", *sources,
    ]  # fmt: skip
    settings.directory.mkdir(parents=True, exist_ok=True)
    tarball = settings.directory / "root.tar"
    try:
        with tarball.open("wb") as output:
            done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise ImageError(
                f"mmdebstrap could not make {distribution.name} from {sources}: {done.stderr.strip()[-2000:]}"
            )
        repository, tag = "amy-local/bootstrap", distribution.codename
        client.api.import_image_from_file(str(tarball), repository=repository, tag=tag)
    finally:
        tarball.unlink(missing_ok=True)
    return f"{repository}:{tag}"


@contextmanager
def _scratch(client: docker.DockerClient, image: str) -> Iterator[Container]:
    """A container in which nothing runs, to be changed and committed."""
    container = client.containers.run(image, ["sleep", "infinity"], detach=True, init=True)
    try:
        yield container
    except (MachineError, docker.errors.DockerException) as error:
        raise ImageError(f"building from {image} failed: {error}") from error
    finally:
        container.remove(force=True)


def _run_script(container: Container, script: Path, arguments: Iterable[str]) -> None:
    target = f"/root/{script.name}"
    container.put_archive("/", archive([File(path=target, content=script.read_bytes(), mode=0o700)]))
    execute(container, [target, *arguments])
    execute(container, ["rm", target])


def _trust(container: Container, bundle: str) -> None:
    """Let the image trust what this computer trusts beyond Debian's authorities, such as a proxy on the way out."""
    missing = missing_certificates(bundle, _read(container, BUNDLE))
    directory = "usr/local/share/ca-certificates"
    files = [File.text(f"{directory}/controller-{n}.crt", f"{pem}\n") for n, pem in enumerate(missing)]
    if files:
        container.put_archive("/", archive(files))
        execute(container, ["update-ca-certificates"])


def _read(container: Container, path: str) -> str:
    chunks, _ = container.get_archive(path)
    with tarfile.open(fileobj=BytesIO(b"".join(chunks))) as tar:
        file = tar.extractfile(tar.next() or path)
        return file.read().decode() if file else ""


def _commit(container: Container, tag: str, *changes: str) -> None:
    repository, _, version = tag.partition(":")
    container.commit(repository, version, changes=[*changes, "ENV container=docker"])
