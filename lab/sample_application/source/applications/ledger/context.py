"""What every page's template knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from config.release import RELEASE


def site(request: HttpRequest) -> dict[str, str]:
    """Return the release and the stage's banner."""
    return {"release": RELEASE, "site_banner": settings.SITE_BANNER}
