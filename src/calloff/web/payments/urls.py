"""Addresses about pay; each run is named by a random token."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.payments import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("pay", views.pay_runs, name="pay_runs"),
    path("pay/draft", views.draft, name="pay_run_draft"),
    path("pay/<str:token>", views.pay_run, name="pay_run"),
    path("pay/<str:token>/approve", views.approve, name="pay_run_approve"),
    path("pay/<str:token>/release", views.release, name="pay_run_release"),
    path("pay/<str:token>/drop", views.drop, name="pay_run_drop"),
    path("pay/<str:token>/remittance/<str:branch>", views.remittance, name="pay_run_remittance"),
]
