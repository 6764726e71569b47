# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Redis client from a URL, alike with redis-py 3.5 (Ubuntu 22.04) to 6, and the options of modules about RQ."""

from __future__ import annotations

from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

try:
    import redis
    from redis import RedisError, WatchError  # pylint: disable=unused-import

    HAS_REDIS = True
except ImportError:
    HAS_REDIS = False

    class RedisError(Exception):  # type: ignore[no-redef]
        """Stands in for the library's own, so that it can be named where nothing raises it."""

    class WatchError(Exception):  # type: ignore[no-redef]
        """See `RedisError`."""


CONNECT_SECONDS = 5
ANSWER_SECONDS = 10

CONNECTION_OPTIONS: dict[str, Any] = {
    "redis_url": {"type": "str", "required": True, "no_log": True},
}
QUEUES_OPTIONS: dict[str, Any] = {
    "queues": {"type": "list", "elements": "str", "default": ["default"]},
}


def connect(*, url: str) -> Any:
    """A client that answers text, connected to the database that `url` names.

    Raises QueueError, without the URL's password, if the library is missing or Redis does not answer.
    """
    if not HAS_REDIS:
        raise QueueError(
            "Python has no library for Redis on this host. Install the package python3-redis, "
            "or converge the host again: the role rq_worker installs it."
        )
    options: dict[str, Any] = {
        "decode_responses": False,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
    }
    if redis.__version__.startswith("3."):
        # Later versions always decode %xx in a URL's user and password, and no longer know the option.
        options["decode_components"] = True
    try:
        client = redis.Redis.from_url(url, **options)
        client.ping()
    except ValueError:
        # The library's own words may hold a part of the password.
        raise QueueError(
            "The Redis URL cannot be read. It looks like redis://user:password@host:6379/2; "
            "in a password, / is %2F, # is %23, and ? is %3F"
        ) from None
    except RedisError as error:
        raise QueueError(
            f"Redis does not serve this host: {error}. On the Redis host run: systemctl status redis-server"
        ) from error
    return client
