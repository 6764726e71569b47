# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS clients that ride out throttling, and AWS errors that tell an operator what to do.

Private to this collection; runs on the controller, and on a host that makes backups: both have boto3.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import env_fallback

if TYPE_CHECKING:
    from collections.abc import Mapping

try:
    import boto3
    import botocore.exceptions
    from botocore.config import Config
except ImportError as error:  # the module says so with missing_required_lib
    IMPORT_ERROR: ImportError | None = error
else:
    IMPORT_ERROR = None

# A fleet of a hundred hosts asks the same API at once: the client waits and asks again instead of failing the deploy.
# Attempts, the first one included; standard mode backs off exponentially with jitter, up to 20 s.
MAX_ATTEMPTS = 12

CONNECTION_OPTIONS: dict[str, dict[str, Any]] = {
    "endpoint_url": {"type": "str"},
    "region": {"type": "str", "fallback": (env_fallback, ["AWS_REGION", "AWS_DEFAULT_REGION"])},
}


class AwsError(Exception):
    """An AWS call failed. `str()` says what was attempted, why it failed and what to do; `code` is AWS's own code."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


def client(*, service: str, parameters: Mapping[str, Any]) -> Any:
    """A boto3 client of `service` from the module's connection options. Raises AwsError without a region."""
    with translated(doing=f"connect to AWS ({service})"):
        # The stubs overload `client` by literal service names only.
        create: Any = boto3.client
        return create(
            service,
            endpoint_url=parameters["endpoint_url"],
            region_name=parameters["region"],
            config=Config(
                retries={"mode": "standard", "max_attempts": MAX_ATTEMPTS},
                connect_timeout=10,
                read_timeout=30,
            ),
        )


@contextmanager
def translated(*, doing: str, remedies: Mapping[str, str] | None = None) -> Iterator[None]:
    """Turn botocore's exceptions into AwsError: "Cannot <doing>: <why>. <remedy>".

    `remedies` maps AWS error codes to the sentence that helps in this place.
    """
    try:
        yield
    except botocore.exceptions.ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        why = str(error.response.get("Error", {}).get("Message", "")) or str(error)
        advice = {**_REMEDIES, **(remedies or {})}.get(code, "")
        raise AwsError(f"Cannot {doing}: {why.rstrip('.')} ({code}). {advice}".rstrip(), code=code) from error
    except botocore.exceptions.BotoCoreError as error:
        advice = _REMEDIES.get(type(error).__name__, "")
        raise AwsError(
            f"Cannot {doing}: {str(error).rstrip('.')}. {advice}".rstrip(), code=type(error).__name__
        ) from error


_LOGIN = "Log in to the stage's AWS account and check with: aws sts get-caller-identity"
_PERMISSION = "The identity in use lacks that permission; see who it is with: aws sts get-caller-identity"
_PATIENCE = f"AWS refused {MAX_ATTEMPTS} attempts in a row; run the same command again in a minute."
_UNREACHABLE = "Check the network; for a stage in the local cloud run: make local STAGE=<stage>"
_REMEDIES = {
    "AccessDenied": _PERMISSION,
    "AccessDeniedException": _PERMISSION,
    "ExpiredToken": _LOGIN,
    "ExpiredTokenException": _LOGIN,
    "InvalidClientTokenId": _LOGIN,
    "NoCredentialsError": _LOGIN,
    "NoRegionError": "Set aws_region in the stage's inventory, or AWS_REGION.",
    "EndpointConnectionError": _UNREACHABLE,
    "ConnectTimeoutError": _UNREACHABLE,
    "Throttling": _PATIENCE,
    "ThrottlingException": _PATIENCE,
    "RequestLimitExceeded": _PATIENCE,
}
