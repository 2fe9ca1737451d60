"""Every address. An app that has pages is included here by its own list."""

from django.urls import URLPattern, URLResolver, include, path

from calloff.web.config import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", views.health, name="health"),
    path("account/council/", views.choose_council, name="choose_council"),
    path("", include("calloff.web.accounts.urls")),
    path("", views.home, name="home"),
    path("", include("calloff.web.jobs.urls")),
    path("", include("calloff.web.contracts.urls")),
    path("", include("calloff.web.brokerage.urls")),
    path("", include("calloff.web.visits.urls")),
    path("", include("calloff.web.payments.urls")),
    path("", include("calloff.web.performance.urls")),
    path("", include("calloff.web.provider_portal.urls")),
    path("", include("calloff.web.api.urls")),
]

handler403 = "calloff.web.accounts.views.not_allowed"
handler429 = "calloff.web.accounts.views.too_many"
