"""What one is told, on a page of one's own."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.jobs import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("notices", views.notices, name="notices"),
    path("notices/read", views.read, name="notices_read"),
]
