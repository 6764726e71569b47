# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running `jobs_probe` in a release, as the application's user, and putting its findings into words."""

from __future__ import annotations

import json
import os
import pkgutil
import pwd
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

SHOWN_JOBS = 10
SHOWN_OUTPUT = 2000


def probe(*, release: Path, application: Path, user: str, options: dict[str, Any], timeout: int) -> dict[str, Any]:
    """What `jobs_probe` finds with the code of `release`. Options go by standard input: the URL is a secret.

    Raises QueueError if the release cannot run it.
    """
    launcher = release / ".venv" / "bin" / "with-environment"
    if not launcher.exists():
        raise QueueError(f"{launcher} does not exist: the release is not staged on this host. Run the deploy again.")
    source = pkgutil.get_data(__name__.rpartition(".")[0], "jobs_probe.py")
    if source is None:
        raise QueueError("The module was sent without its script jobs_probe.py. Install the collection again.")
    with tempfile.TemporaryDirectory(prefix="rq-jobs-") as directory:
        Path(directory).chmod(0o755)  # The application's user reads it; it holds no secret.
        script = Path(directory, "jobs_probe.py")
        script.write_bytes(source)
        script.chmod(0o644)
        return run(
            command=[str(launcher), "python", str(script)],
            directory=application,
            user=user,
            text=json.dumps({**options, "application": str(application)}),
            timeout=timeout,
        )


def run(*, command: list[str], directory: Path, user: str, text: str, timeout: int) -> dict[str, Any]:
    """The JSON that `command` prints when it runs as `user` with `text` as its input. Raises QueueError."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise QueueError(
            f"There is no user '{user}' on this host. Converge the host with the role base first."
        ) from None
    try:
        process = subprocess.run(
            command,
            input=text.encode(),
            capture_output=True,
            cwd=directory,
            timeout=timeout,
            check=False,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=os.getgrouplist(user, account.pw_gid),
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": account.pw_dir,
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
    except subprocess.TimeoutExpired:
        raise QueueError(f"Loading the jobs took longer than {timeout} seconds. Is Redis slow, or the host?") from None
    except OSError as error:
        raise QueueError(f"The release's code could not be started: {error}. Run the deploy again.") from error
    if process.returncode != 0:
        raise QueueError(
            f"The release's code could not be started: {process.stderr.decode(errors='replace')[-SHOWN_OUTPUT:]}"
        )
    findings: dict[str, Any] = json.loads(process.stdout)
    return findings


def explain(findings: dict[str, Any], *, release: str) -> str:
    """What to tell the operator about jobs that `release` cannot load."""
    unloadable = findings["unloadable"]
    jobs = [f"{job['id']} ({job['function']}, in {job['where']}): {job['error']}" for job in unloadable[:SHOWN_JOBS]]
    if len(unloadable) > SHOWN_JOBS:
        jobs.append(f"and {len(unloadable) - SHOWN_JOBS} more")
    return (
        f"The release {release} cannot load {len(unloadable)} of {findings['checked']} waiting jobs and would lose "
        "them: "
        + "; ".join(jobs)
        + ". Nothing has been changed. Let the running release work these jobs off and run the same command again, "
        "or deploy a release that still has the names they were stored with (an alias is enough)."
    )
