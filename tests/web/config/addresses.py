"""Addresses for tests of doors and headers: a page for each permission, one of each kind of answer, one that breaks."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from calloff.web.accounts.services import permissions
from calloff.web.accounts.views import allowed
from calloff.web.config import urls


def page(permission):
    @allowed(permission)
    def view(request):
        return JsonResponse({"council": request.council_id, "provider": list(request.provider)})

    return view


def breaks(request, reference):
    raise RuntimeError("Mrs Margaret Example of 4 Any Street")


def missing(request):
    raise Http404("Mrs Margaret Example")


KINDS = {
    "json": lambda request: JsonResponse({}),
    "text": lambda request: HttpResponse("a", content_type="text/plain"),
    "pdf": lambda request: HttpResponse(b"%PDF", content_type="application/pdf"),
    "stream": lambda request: StreamingHttpResponse(iter([b"a", b"b"])),
    "file": lambda request: FileResponse(__import__("io").BytesIO(b"a"), filename="a.csv"),
}

urlpatterns = [
    *urls.urlpatterns,
    *(path(f"may/{permission}/", page(permission)) for permission in permissions()),
    *(path(f"kinds/{kind}/", view) for kind, view in KINDS.items()),
    path("breaks/<str:reference>/", breaks, name="breaks"),
    path("missing/", missing),
]
handler403, handler429 = urls.handler403, urls.handler429
