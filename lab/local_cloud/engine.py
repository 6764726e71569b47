# SPDX-License-Identifier: GPL-3.0-or-later
"""What the local cloud needs of the computer it runs on: programs, limits, a Docker engine, filtered bridges."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import docker

from lab.local_cloud.settings import Settings

logger = logging.getLogger(__name__)

# Debian package -> the program that shows it is there.
PROGRAMS = {
    "apt-cacher-ng": "apt-cacher-ng",
    "git": "git",
    "haproxy": "haproxy",
    "iproute2": "ip",
    "iptables": "iptables",
    "mmdebstrap": "mmdebstrap",
    "nftables": "nft",
    "openssh-client": "ssh",
}
# The local cloud runs these itself; the distribution's own service would take their ports at the next boot.
UNWANTED_SERVICES = {"apt-cacher-ng", "haproxy"}
# systemd holds five inotify instances a machine, and gunicorn and HAProxy ask for backlogs above 128.
LIMITS = {"fs/inotify/max_user_instances": 1024, "net/core/somaxconn": 1024}
BRIDGE_FILTER = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
ENGINE_SECONDS = 60.0


class EngineError(RuntimeError):
    """The computer lacks something that only its owner can give; the message names the command to run."""


def prepare(settings: Settings) -> None:
    """Install, start and raise what is missing; a second call changes nothing.

    Raises EngineError without root, and when a package, the engine or the bridge filter cannot be had.
    """
    if os.geteuid() != 0:
        raise EngineError(
            "the local stage binds ports 80 and 443, filters packets and runs containers, so it needs root;"
            " run the same command with sudo"
        )
    os.environ["PATH"] = with_system_programs(os.environ.get("PATH", ""))
    answers = engine_answers()
    install(missing_packages(shutil.which, engine_answers=answers))
    _raise_limits()
    if not answers:
        _start_engine(settings)
    _filter_bridges()


def release(settings: Settings) -> None:
    """Stop the Docker engine if `prepare` started it; otherwise do nothing."""
    unit, pid_file = _unit_file(settings), _pid_file(settings)
    if unit.exists():
        _run(["systemctl", "stop", "docker.service", "docker.socket"])
        unit.unlink()
    if pid_file.exists():
        stop_process(pid_file, program="dockerd")


def missing_packages(which: Callable[[str], str | None], *, engine_answers: bool) -> list[str]:
    """Debian packages to install, given how to find a program."""
    missing = [package for package, program in PROGRAMS.items() if which(program) is None]
    if not engine_answers and which("dockerd") is None:
        missing.append("docker.io")
    return missing


def with_system_programs(path: str) -> str:
    """`path` with the directories in which Debian keeps dockerd, nft and haproxy; sudo and cron leave them out."""
    directories = path.split(":") if path else []
    return ":".join([*directories, *(d for d in ("/usr/sbin", "/sbin") if d not in directories)])


def engine_answers() -> bool:
    """Whether a Docker engine answers where DOCKER_HOST, or the default, says."""
    try:
        docker.from_env(timeout=10).ping()
    except docker.errors.DockerException:
        return False
    return True


def stop_process(pid_file: Path, *, program: str, seconds: float = 30.0) -> None:
    """End the process in `pid_file` within `seconds` and remove the file; a pid that is another program's is spared."""
    pid = int(pid_file.read_text())
    if process_runs(pid, program):
        os.kill(pid, signal.SIGTERM)
        wait(lambda: not process_runs(pid, program), seconds, f"{program} (process {pid}) does not end")
    pid_file.unlink()


def process_runs(pid: int, program: str) -> bool:
    """Whether process `pid` exists, is no zombie, and is `program`."""
    try:
        name, state = Path(f"/proc/{pid}/stat").read_text().split("(", 1)[1].rsplit(") ", 1)
    except FileNotFoundError:
        return False
    return name == program[:15] and not state.startswith("Z")


def install(packages: Iterable[str]) -> None:
    """Install Debian packages. Raises EngineError when they cannot be had."""
    packages = sorted(packages)
    if not packages:
        return
    command = f"apt-get update && apt-get install --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise EngineError(f"missing here: {', '.join(packages)}; install them (on Debian: {command})")
    logger.info("installing %s", ", ".join(packages))
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        _run(["apt-get", "update", "-q"], environment)
        _run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], environment)
    except EngineError as error:
        raise EngineError(f"{error}\nThe local stage needs these packages; once apt works, run: {command}") from error
    services = UNWANTED_SERVICES.intersection(packages)
    if services and _systemd_runs():
        _run(["systemctl", "disable", "--now", *sorted(services)])


def _raise_limits() -> None:
    for name, wanted in LIMITS.items():
        path = Path("/proc/sys", name)
        if int(path.read_text()) < wanted:
            path.write_text(f"{wanted}\n")
            logger.info("raised %s to %d", name.replace("/", "."), wanted)


def _start_engine(settings: Settings) -> None:
    settings.directory.mkdir(parents=True, exist_ok=True)
    log = settings.directory / "dockerd.log"
    if _systemd_runs():
        _run(["systemctl", "start", "docker"])
        _unit_file(settings).touch()
        advice = "journalctl -u docker"
    else:
        with log.open("ab") as output:
            process = subprocess.Popen(["dockerd"], stdout=output, stderr=output, start_new_session=True)
        _pid_file(settings).write_text(f"{process.pid}\n")
        advice = f"tail {log}"
    logger.info("started the Docker engine")
    wait(engine_answers, ENGINE_SECONDS, f"the Docker engine was started and does not answer; see: {advice}")


def _filter_bridges() -> None:
    """Security groups between containers need bridged packets to pass the packet filter."""
    if not BRIDGE_FILTER.exists() and shutil.which("modprobe") is not None:
        _run(["modprobe", "br_netfilter"])
    if not BRIDGE_FILTER.exists():
        raise EngineError(
            "the kernel does not filter bridged packets, so security groups could not be enforced;"
            " load the module: modprobe br_netfilter"
        )
    for name in ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables"):
        path = BRIDGE_FILTER.with_name(name)
        if path.read_text().strip() != "1":
            path.write_text("1\n")
            logger.info("bridged packets pass the packet filter now (net.bridge.%s)", name)


def _systemd_runs() -> bool:
    return Path("/run/systemd/system").is_dir()


def _unit_file(settings: Settings) -> Path:
    return settings.directory / "docker.started"


def _pid_file(settings: Settings) -> Path:
    return settings.directory / "dockerd.pid"


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EngineError(f"`{' '.join(command)}` failed ({done.returncode}): {(done.stderr or done.stdout).strip()}")


def wait(condition: Callable[[], bool], seconds: float, failure: str) -> None:
    """Wait until `condition` holds. Raises EngineError with the text `failure` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise EngineError(failure)
        time.sleep(0.2)
