"""Addresses about planned visits: of one package, and from which day on a council plans them here."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.visits.views import codes, loose, planned

urlpatterns: list[URLPattern | URLResolver] = [
    path("packages/<str:token>/planned", planned.planned, name="package_planned"),
    path("planning", planned.planning, name="planning"),
    path("exception-codes", codes.code_list, name="exception_codes"),
    path("exception-codes/add", codes.add, name="exception_code_add"),
    path("exception-codes/of/<str:code>", codes.code, name="exception_code"),
    path("exception-codes/of/<str:code>/reword", codes.reword, name="exception_code_reword"),
    path("exception-codes/of/<str:code>/archive", codes.archive, name="exception_code_archive"),
    path("rows", loose.rows, name="loose_rows"),
    path("rows/<str:row>", loose.row, name="loose_row"),
    path("rows/<str:row>/take", loose.take, name="loose_take"),
    path("rows/<str:row>/write", loose.write, name="loose_write"),
    path("rows/<str:row>/pair", loose.pair, name="loose_pair"),
    path("rows/<str:row>/approve", loose.approve, name="loose_approve"),
    path("rows/<str:row>/set-aside", loose.set_aside, name="loose_set_aside"),
]
