"""The board's pages, all of them from the database."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from board.models import Notice
from portal.release import RELEASE


async def front(request: HttpRequest) -> HttpResponse:
    """Show all notices."""
    notices = [notice async for notice in Notice.objects.all()]
    return render(request, "board/front.html", {"notices": notices, "release": RELEASE})


async def notice(request: HttpRequest, number: int) -> HttpResponse:
    """Show one notice."""
    try:
        found = await Notice.objects.aget(pk=number)
    except Notice.DoesNotExist as error:
        raise Http404 from error
    return render(request, "board/notice.html", {"notice": found, "release": RELEASE})
