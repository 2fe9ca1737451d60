"""The interface for programs, its reference, and the pages on which managers make keys."""

from django.urls import URLPattern, URLResolver, include, path

from calloff.web.api.views import tokens
from calloff.web.api.views.document import openapi
from calloff.web.api.views.endpoints import api
from calloff.web.api.views.reference import reference

# Its root leads nowhere; each other address has a name of its own.
endpoints = [one for one in api.urls[0] if getattr(one, "name", "") != "api-root"]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api", reference, name="api_reference"),
    path("api/v1/openapi.json", openapi, name="api_openapi"),
    path("api/v1/", include(endpoints)),
    path("provider/tokens", tokens.tokens, name="portal_tokens"),
    path("provider/tokens/make", tokens.make, name="portal_token_make"),
    path("provider/tokens/<str:reference>/end", tokens.end, name="portal_token_end"),
]
