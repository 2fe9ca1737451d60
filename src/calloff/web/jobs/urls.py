"""What one is told, on a page of one's own; and what the system works at."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.jobs import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("notices", views.notices, name="notices"),
    path("notices/read", views.read, name="notices_read"),
    path("in-hand", views.work, name="work"),
    path("in-hand/cancel", views.cancel, name="work_cancel"),
    path("in-hand/go-on", views.go_on, name="work_go_on"),
]
