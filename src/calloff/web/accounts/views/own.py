"""The pages on which people look after their own account."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from calloff.web.accounts.services.rights import roles_held, today
from calloff.web.accounts.services.roles import roles
from calloff.web.accounts.services.users import sign_out_everywhere


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: roles, sessions, password, recovery codes."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    user = request.user
    known = roles()
    titles = sorted({known[held.role].title for held in roles_held(user, today())})
    return render(request, "accounts/account.html", {"person": user.identity, "titles": titles})


@require_http_methods(["GET", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in, and the button that ends all of it."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    user = request.user
    if request.method == "POST":
        sign_out_everywhere(user=user, by=user, at=timezone.now())
        logout(request)
        return redirect("account_login")
    open_ones = sorted(UserSession.objects.purge_and_list(user), key=lambda one: one.created_at, reverse=True)
    return render(request, "accounts/sessions.html", {"sessions": open_ones})
