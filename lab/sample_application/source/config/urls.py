"""The application's addresses; /version/ is answered by ledger.middleware.ReleaseMiddleware."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from ledger import views

urlpatterns = [
    path("", views.home, name="home"),
    path("account/login/", views.Login.as_view(), name="login"),
    path("account/logout/", LogoutView.as_view(), name="logout"),
    path("slow/", views.slow, name="slow"),
    path("upload/", views.upload, name="upload"),
    path("media-upload/", views.media_upload, name="media-upload"),
    path("enqueue/", views.enqueue, name="enqueue"),
    path("schedule/", views.schedule, name="schedule"),
    path("requests/<str:request_id>/", views.request_record, name="request-record"),
    path("ledger/", views.ledger, name="ledger"),
]
