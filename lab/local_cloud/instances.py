# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 instances are containers: they start, stop, reboot and go as moto's instances do."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from functools import partial
from ipaddress import IPv4Address
from typing import Any

import docker
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from docker.models.containers import Container
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import StateReason

from lab.local_cloud import images
from lab.local_cloud.containers import STOP_SECONDS, Containers
from lab.local_cloud.jobs import Jobs
from lab.local_cloud.machine_plan import Action, Machine, first_boot_files, hostname, known_hosts, plan
from lab.local_cloud.package_cache import PackageCache
from lab.local_cloud.public_catalogue import IMAGES
from lab.local_cloud.service import World, after
from lab.local_cloud.settings import Settings

logger = logging.getLogger(__name__)

KIND = "instance"
CACHE_CHECK_SECONDS = 10.0
# Where an instance has the contents of EFS's file systems; its stand-in for mount.nfs4 looks there.
SHARED_FILES = "/var/lib/cloud/efs"
CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


class Instances:
    """Gives every instance of EC2 a machine at its private address.

    What takes an operating system some time (stop, reboot) is done by a worker while EC2 answers `stopping`;
    the jobs of one instance never overtake each other.
    """

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world
        self._containers = Containers(settings)
        self._cache = PackageCache(settings)
        self._jobs = Jobs("instance")
        self._cache_checked = 0.0

    def install(self) -> None:
        """Listen to what EC2 decides about instances."""
        for name, listener in (
            ("run_instances", lambda result: self._run(result.instances)),
            ("start_instances", lambda result: self._each(self._start, [instance for instance, _ in result])),
            ("stop_instances", lambda result: self._each(self._stop, [instance for instance, _ in result])),
            ("reboot_instances", lambda result: self._each(self._reboot, result)),
            ("terminate_instances", lambda result: self._each(self._terminate, [instance for instance, _ in result])),
        ):
            after(EC2Backend, [name], self._unless_replaying(listener))

    def after_replay(self) -> None:
        """Adopt the machines that are there; make, start, stop and remove what differs."""
        self._cache.ensure()
        instances = {instance.id: instance for instance in self._instances()}
        machines = self._containers.owned(KIND)
        found = {name: _machine(container) for name, container in machines.items()}
        for name, action in plan({name: instance.state for name, instance in instances.items()}, found):
            logger.info("%s %s", action.value, name)
            if action is Action.CREATE:
                self._jobs.submit(name, partial(self._create, instances[name]))
            elif action is Action.START:
                self._start(instances[name])
            elif action is Action.STOP:
                self._stop(instances[name])
            else:
                machines[name].remove(force=True, v=True)
        self._jobs.finish()
        self._write_known_hosts()

    def tick(self) -> None:
        """Let EC2 know of what workers have finished, and see that the package cache runs."""
        self._jobs.settle()
        if time.monotonic() - self._cache_checked > CACHE_CHECK_SECONDS:
            self._cache_checked = time.monotonic()
            self._cache.ensure()

    def close(self) -> None:
        """Remove every machine and the package cache."""
        self._containers.remove_all(KIND)
        self._cache.close()
        self._settings.known_hosts.unlink(missing_ok=True)

    def _unless_replaying(self, listener: Callable[[Any], None]) -> Callable[..., None]:
        def listen(_name: str, _backend: Any, result: Any, _args: Any, _kwargs: Any) -> None:
            if not self._world.replaying:
                listener(result)

        return listen

    def _instances(self) -> Iterator[Any]:
        reservations = ec2_backends[self._settings.account][self._settings.region].reservations.values()
        for reservation in reservations:
            yield from (instance for instance in reservation.instances if instance.state != "terminated")

    def _each(self, act: Callable[[Any], None], instances: list[Any]) -> None:
        for instance in instances:
            act(instance)

    def _run(self, instances: list[Any]) -> None:
        """Make the machines; EC2 answers when they are there, or `pending` where an image must be built before."""
        waited_for = []
        for instance in instances:
            distribution = IMAGES.get(instance.image_id)
            if distribution and not images.has_base_image(distribution):
                _set_state(instance, "pending")
            job = self._jobs.submit(instance.id, partial(self._create, instance))
            if instance.state != "pending":
                waited_for.append(job)
        wait(waited_for)
        self._jobs.settle()
        self._write_known_hosts()

    def _start(self, instance: Any) -> None:
        _set_state(instance, "pending")
        self._jobs.submit(instance.id, partial(self._power_on, instance, lambda container: container.start()))

    def _stop(self, instance: Any) -> None:
        _set_state(instance, "stopping")
        self._jobs.submit(instance.id, partial(self._power_off, instance))

    def _reboot(self, instance: Any) -> None:
        job = partial(self._power_on, instance, lambda container: container.restart(timeout=STOP_SECONDS))
        self._jobs.submit(instance.id, job)

    def _terminate(self, instance: Any) -> None:
        """Pull the plug at once: the private address may go to another instance with the next call."""
        container = self._containers.owned(KIND).get(instance.id)
        if container is not None:
            container.remove(force=True, v=True)
        self._write_known_hosts()

    def _create(self, instance: Any) -> None:
        """Make and start the machine; if that fails the instance ends as `terminated`, as EC2 does it."""
        state = instance.state
        try:
            self._make(instance)
        except (docker.errors.DockerException, images.ImageError, OSError, ValueError) as error:
            logger.exception("%s: no machine", instance.id)
            instance.state_reason = StateReason(f"Server.InternalError: {error}", "Server.InternalError")
            self._report(instance, state, "terminated")
            return
        if state == "pending":
            self._report(instance, "pending", "running")
            self._jobs.then(self._write_known_hosts)

    def _make(self, instance: Any) -> None:
        address = IPv4Address(instance.private_ip_address)
        if address not in self._settings.network:
            raise ValueError(
                f"{address} is not in {self._settings.network}, the only network of the local stage:"
                " give the VPC and its subnet that address block"
            )
        if instance.image_id not in IMAGES:
            raise ValueError(f"the local cloud has no machine image {instance.image_id}; it has {', '.join(IMAGES)}")
        image = images.ensure_base_image(self._settings, IMAGES[instance.image_id])
        if instance.state == "terminated":
            return  # while its image was built
        key_pair = instance.ec2_backend.key_pairs.get(instance.key_name)
        private, public = _new_host_key()
        files = first_boot_files(
            public_key=key_pair.material_public.decode() if key_pair else None,
            user_data=instance.user_data.decode().encode() if instance.user_data else None,
            host_key=(private, public),
        )
        self._containers.create(
            KIND,
            instance.id,
            image=image,
            hostname=hostname(address, self._settings.region),
            address=address,
            files=[*files, *(self._cache.client_files() if self._cache.ensure() else [])],
            labels={self._address_label: str(address), self._host_key_label: public},
            folders={self._settings.shared_files: SHARED_FILES},
        )

    def _power_on(self, instance: Any, act: Callable[[Container], None]) -> None:
        container = self._containers.owned(KIND).get(instance.id)
        if container is None:
            return  # terminated meanwhile
        act(container)
        self._report(instance, "pending", "running")

    def _power_off(self, instance: Any) -> None:
        container = self._containers.owned(KIND).get(instance.id)
        if container is not None:
            with contextlib.suppress(docker.errors.NotFound):  # terminated meanwhile
                container.stop(timeout=STOP_SECONDS)
        self._report(instance, "stopping", "stopped")

    def _report(self, instance: Any, before: str, now: str) -> None:
        """Set the instance's state to `now` later, if it is still `before` by then."""

        def change() -> None:
            if instance.state == before:
                _set_state(instance, now)

        self._jobs.then(change)

    @property
    def _address_label(self) -> str:
        return f"{self._settings.label}.address"

    @property
    def _host_key_label(self) -> str:
        return f"{self._settings.label}.host-key"

    def _write_known_hosts(self) -> None:
        """Keep the machines' host keys where ssh can check them: a cloud shows them on the instance's console."""
        labels = [container.labels for container in self._containers.owned(KIND).values()]
        text = known_hosts({found[self._address_label]: found[self._host_key_label] for found in labels})
        draft = self._settings.known_hosts.with_suffix(".draft")
        draft.write_text(text)
        draft.rename(self._settings.known_hosts)


def _set_state(instance: Any, name: str) -> None:
    instance._state.name, instance._state.code = name, CODES[name]


def _machine(container: Container) -> Machine:
    running = container.status in ("running", "restarting")
    return Machine(running=running, exit_code=int(container.attrs["State"]["ExitCode"]))


def _new_host_key() -> tuple[str, str]:
    """An Ed25519 key pair in OpenSSH's formats, (private, public); made here, it is known before the first boot."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return private.decode(), public.decode()
