"""Addresses about planned visits: of one package, and from which day on a council plans them here."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.visits import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("packages/<str:token>/planned", views.planned, name="package_planned"),
    path("planning", views.planning, name="planning"),
]
