"""The pages and the instruments: everything a deploy can break has an address here."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta, timezone

import django_rq
from django.conf import settings
from django.contrib.auth.views import LoginView
from django.core.exceptions import BadRequest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import get_valid_filename
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.release import RELEASE
from ledger import report, uploads
from ledger.actions import AnnounceNotice
from ledger.middleware import HOST
from ledger.models import Notice, UploadRecord
from ledger.numbers import number

CONFLICT = 409
TOO_LARGE = 413


@transaction.non_atomic_requests
def home(request: HttpRequest) -> HttpResponse:
    """Show the front page: static files, but no database."""
    return render(request, "ledger/home.html")


class Login(LoginView):
    """The login page: database and static files."""

    template_name = "registration/login.html"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        """Add the notices."""
        return {**super().get_context_data(**kwargs), "notices": list(Notice.objects.all())}


@transaction.non_atomic_requests
def slow(request: HttpRequest) -> HttpResponse:
    """Answer after `seconds` (default 10, at most 60), slept in chunks of at most half a second."""
    seconds = number(request, "seconds", default=10, low=0, high=60)
    chunks, end = 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.5))
        chunks += 1
    return JsonResponse({"seconds": seconds, "chunks": chunks, "release": RELEASE, "host": HOST})


@csrf_exempt
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Receive a body of any kind and record it under the client's request id; a repeated id answers 409."""
    request_id = request.GET.get("request_id") or request.headers.get("X-Request-Id")
    if not request_id:
        raise BadRequest("An upload needs a request id: ?request_id=... or the header X-Request-Id.")
    try:
        size, sha256 = uploads.measure(request)
    except uploads.TooLargeError as error:
        return JsonResponse({"error": str(error)}, status=TOO_LARGE)
    record, created = UploadRecord.objects.get_or_create(
        request_id=request_id,
        defaults={"size": size, "sha256": sha256, "release": RELEASE, "host": HOST},
    )
    if not created:
        UploadRecord.objects.filter(pk=record.pk).update(arrivals=F("arrivals") + 1)
        return JsonResponse({"error": f"The request id {request_id} was used before."}, status=CONFLICT)
    return JsonResponse({"request_id": request_id, "size": size, "sha256": sha256, "release": RELEASE, "host": HOST})


@csrf_exempt
@require_POST
def media_upload(request: HttpRequest) -> HttpResponse:
    """Store the body as the media file `name`; its address stays valid for all later releases."""
    name = get_valid_filename(request.GET.get("name") or f"{uuid.uuid4().hex}.bin")
    try:
        body = b"".join(uploads.pieces(request))
    except uploads.TooLargeError as error:
        return JsonResponse({"error": str(error)}, status=TOO_LARGE)
    stored = default_storage.save(name, ContentFile(body))
    return JsonResponse({"url": default_storage.url(stored), "size": len(body), "release": RELEASE, "host": HOST})


def job_name(request: HttpRequest) -> str:
    """Return the client's name for its jobs, so that it finds them even when this answer is lost; else a new one."""
    return request.GET.get("id") or str(uuid.uuid4())


@csrf_exempt
@transaction.non_atomic_requests
def enqueue(request: HttpRequest) -> HttpResponse:
    """Enqueue `count` jobs of `seconds` each, named `id`-0, `id`-1, ...; answer with the runs each job is owed."""
    count = int(number(request, "count", default=1, low=1, high=1000))
    seconds = number(request, "seconds", default=1, low=0, high=300)
    action = AnnounceNotice(notice=Notice.objects.earliest("position"), seconds=seconds)
    name = job_name(request)
    names = [f"{name}-{index}" for index in range(count)]
    for job in names:
        if settings.HAS_QUEUES:
            django_rq.get_queue("default").enqueue_call(func=action, meta={"action": action}, job_id=job)
        else:
            action(job)
    return JsonResponse({"jobs": dict.fromkeys(names, 1), "release": RELEASE, "host": HOST})


@csrf_exempt
@transaction.non_atomic_requests
def schedule(request: HttpRequest) -> HttpResponse:
    """Schedule the job `id` for `in` seconds from now; with `every`, `times` runs that many seconds apart."""
    delay = number(request, "in", default=60, low=0, high=24 * 3600)
    every = int(number(request, "every", default=0, low=0, high=24 * 3600))
    times = int(number(request, "times", default=2, low=1, high=1000)) if every else 1
    seconds = number(request, "seconds", default=1, low=0, high=300)
    action = AnnounceNotice(notice=Notice.objects.earliest("position"), seconds=seconds, repeating=bool(every))
    name = job_name(request)
    if not settings.HAS_QUEUES:
        for _ in range(times):
            action(name)
        return JsonResponse({"jobs": {name: times}, "release": RELEASE, "host": HOST})
    scheduler = django_rq.get_scheduler("default")
    if every:
        launch = datetime.now(timezone.utc) + timedelta(seconds=delay)
        scheduler.schedule(launch, action, interval=every, repeat=times, meta={"action": action}, id=name)
    else:
        scheduler.enqueue_in(timedelta(seconds=delay), action, meta={"action": action}, job_id=name)
    return JsonResponse({"jobs": {name: times}, "release": RELEASE, "host": HOST})


def request_record(request: HttpRequest, request_id: str) -> HttpResponse:
    """Show the upload recorded under `request_id`."""
    record = get_object_or_404(UploadRecord, request_id=request_id)
    fields = ("request_id", "size", "sha256", "arrivals", "release", "host", "received")
    return JsonResponse({field: getattr(record, field) for field in fields})


def ledger(request: HttpRequest) -> HttpResponse:
    """Show the ledger's counts."""
    return JsonResponse(report.counts())
