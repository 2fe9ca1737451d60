"""The ledger of unmet need, and the rows behind each of its numbers."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.performance import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("unmet-need", views.unmet_need, name="unmet_need"),
    path("unmet-need.csv", views.unmet_need_file, {"kind": "csv"}, name="unmet_need_csv"),
    path("unmet-need.xlsx", views.unmet_need_file, {"kind": "xlsx"}, name="unmet_need_xlsx"),
    path("unmet-need/packages", views.packages, name="unmet_packages"),
    path("unmet-need/packages.csv", views.packages_file, {"kind": "csv"}, name="unmet_packages_csv"),
    path("unmet-need/packages.xlsx", views.packages_file, {"kind": "xlsx"}, name="unmet_packages_xlsx"),
    path("unmet-need/call-offs", views.call_offs, name="unmet_call_offs"),
    path("unmet-need/call-offs.csv", views.call_offs_file, {"kind": "csv"}, name="unmet_call_offs_csv"),
    path("unmet-need/call-offs.xlsx", views.call_offs_file, {"kind": "xlsx"}, name="unmet_call_offs_xlsx"),
]
