# SPDX-License-Identifier: GPL-3.0-or-later
"""RDS instances are containers with PostgreSQL; `available` means that the master user can log in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address
from typing import Any

import docker
from docker.models.containers import Container
from moto.rds.models import DBInstance, RDSBackend, rds_backends

from lab.local_cloud import images
from lab.local_cloud.containers import STOP_SECONDS, Containers, File, MachineError, archive, execute
from lab.local_cloud.database_sql import setup_sql
from lab.local_cloud.jobs import Jobs
from lab.local_cloud.machine_plan import free_address
from lab.local_cloud.service import World, after
from lab.local_cloud.settings import Settings

logger = logging.getLogger(__name__)

KIND = "database"
ENGINE = "postgres"
# Present in a machine whose first set-up has come to its end.
READY = "/var/lib/postgresql/set-up"
READY_SECONDS = 90


class Databases:
    """Gives every PostgreSQL instance of RDS a machine. Other engines and clusters have none.

    A database's machine is at `machine_address`, an attribute added to moto's DBInstance.
    """

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world
        self._containers = Containers(settings)
        self._jobs = Jobs(KIND)

    def install(self) -> None:
        """Listen to what RDS decides, and let its endpoints be the machines' addresses."""
        invented = DBInstance.address
        DBInstance.address = property(lambda self: str(getattr(self, "machine_address", "")) or invented.fget(self))
        self._on("create_db_instance", self._create)
        self._on("modify_db_instance", self._modify)
        self._on("reboot_db_instance", partial(self._power, "rebooting", "available", _restart))
        self._on("stop_db_instance", partial(self._power, "stopping", "stopped", _stop))
        self._on(
            "start_db_instance", partial(self._power, "starting", "available", lambda container: container.start())
        )
        self._on("delete_db_instance", self._delete)

    def after_replay(self) -> None:
        """Adopt the machines that are there, finish those that are not set up, make the missing, remove the rest."""
        machines = self._containers.owned(KIND)
        databases = rds_backends[self._settings.account][self._settings.region].databases
        for name in machines.keys() - databases.keys():
            machines[name].remove(force=True, v=True)
        for name, database in databases.items():
            if name not in machines:
                self._create(database)
                continue
            database.machine_address = IPv4Address(machines[name].labels[self._address_label])
            if database.status == "stopped":
                self._power("stopping", "stopped", _stop, database)
            else:
                self._adopt(database, machines[name])

    def tick(self) -> None:
        """Let RDS know of what workers have finished."""
        self._jobs.settle()

    def close(self) -> None:
        """Remove every database, with its data."""
        self._containers.remove_all(KIND)

    def _on(self, name: str, listener: Callable[[Any], None]) -> None:
        def listen(_name: str, _backend: Any, result: Any, _args: Any, _kwargs: Any) -> None:
            if not self._world.replaying and result.engine == ENGINE and not result.db_cluster_identifier:
                listener(result)

        after(RDSBackend, [name], listen)

    def _create(self, database: Any) -> None:
        database.machine_address = self._free_address()
        database.status = "creating"
        self._jobs.submit(database.db_instance_identifier, partial(self._make, database))

    def _make(self, database: Any) -> None:
        name = database.db_instance_identifier
        try:
            container = self._containers.create(
                KIND,
                name,
                image=images.ensure_database_image(self._settings),
                hostname=name,
                address=database.machine_address,
                labels={self._address_label: str(database.machine_address)},
            )
            self._set_up(database, container)
        except (docker.errors.DockerException, images.ImageError, MachineError):
            self._report(database, "creating", "failed")
            raise
        self._report(database, "creating", "available")

    def _adopt(self, database: Any, container: Container) -> None:
        """Bring the password up to date, and whatever a crash of the control plane has left undone."""
        if container.status != "running":
            container.start()
        if container.exec_run(["test", "-e", READY]).exit_code != 0:
            database.status = "creating"

        def finish() -> None:
            self._set_up(database, container)
            self._report(database, "creating", "available")

        self._jobs.submit(database.db_instance_identifier, finish)

    def _set_up(self, database: Any, container: Container) -> None:
        """Run the set-up in the machine. The script holds the password, hence a file, and never an argument."""
        script = "/var/lib/postgresql/set-up.sql"
        user, password = database.master_username, _password(database)
        sql = setup_sql(user=user, password=password, database=database.db_name)
        execute(container, ["timeout", str(READY_SECONDS), "sh", "-c", "until pg_isready -q; do sleep 0.1; done"])
        postgres = int(execute(container, ["id", "-u", "postgres"]))
        container.put_archive("/", archive([File.text(script, sql, mode=0o600, uid=postgres)]))
        try:
            execute(container, ["runuser", "-u", "postgres", "--", "psql", "--no-psqlrc", "--file", script])
        finally:
            execute(container, ["rm", script])
        execute(container, ["touch", READY])

    def _modify(self, database: Any) -> None:
        """Only the master's password concerns the machine; its security groups are the firewall's."""
        container = self._container(database)
        if container is not None and database.status != "stopped":
            self._jobs.submit(database.db_instance_identifier, partial(self._set_up, database, container))

    def _power(self, during: str, done: str, act: Callable[[Container], None], database: Any) -> None:
        """Do `act` to the machine while RDS answers `during`, and afterwards `done`."""
        database.status = during

        def work() -> None:
            container = self._container(database)
            if container is not None:
                act(container)
                if done == "available":
                    self._set_up(database, container)
            self._report(database, during, done)

        self._jobs.submit(database.db_instance_identifier, work)

    def _delete(self, database: Any) -> None:
        container = self._container(database)
        if container is not None:
            container.remove(force=True, v=True)

    def _container(self, database: Any) -> Container | None:
        return self._containers.owned(KIND).get(database.db_instance_identifier)

    def _report(self, database: Any, before: str, now: str) -> None:
        def change() -> None:
            if database.status == before:
                database.status = now

        self._jobs.then(change)

    def _free_address(self) -> IPv4Address:
        databases = rds_backends[self._settings.account][self._settings.region].databases.values()
        known = {database.machine_address for database in databases if hasattr(database, "machine_address")}
        labels = [container.labels for container in self._containers.owned(KIND).values()]
        found = {IPv4Address(label[self._address_label]) for label in labels}
        return free_address(self._settings.docker_range, known | found)

    @property
    def _address_label(self) -> str:
        return f"{self._settings.label}.address"


def _password(database: Any) -> str:
    """The master user's password, which moto keeps but does not show."""
    if database.manage_master_user_password:
        raise MachineError("ManageMasterUserPassword is not part of the local stage: give MasterUserPassword")
    return str(database._master_user_password)


def _stop(container: Container) -> None:
    container.stop(timeout=STOP_SECONDS)


def _restart(container: Container) -> None:
    container.restart(timeout=STOP_SECONDS)
