"""How gunicorn runs the portal: `--worker-class portal.server.PortalWorker`."""

from __future__ import annotations

from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker


class PortalWorker(UvicornWorker):
    """Uvicorn without its access log, which would have query strings: nginx keeps one without."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {**UvicornWorker.CONFIG_KWARGS, "access_log": False}
