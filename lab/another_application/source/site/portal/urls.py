"""The portal's addresses; /healthz/ is answered by portal.middleware.ReleaseMiddleware."""

from __future__ import annotations

from django.urls import path

from board import views

urlpatterns = [
    path("", views.front, name="front"),
    path("notices/<int:number>/", views.notice, name="notice"),
]
