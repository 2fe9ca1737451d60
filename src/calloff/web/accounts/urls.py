"""
Signing in and out, one's own account, and the administrator's pages.

The rest of allauth has no address here: sign-up, e-mail, reset. Its views take any method, so each is told which.
"""

from allauth.account import views as passwords
from allauth.mfa.base import views as codes
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods

from calloff.web.accounts.views import own, users

form = require_http_methods(["GET", "HEAD", "POST"])


@require_GET
def to_account(request: HttpRequest) -> HttpResponse:
    """To one's own account, which says all that there is to say."""
    return redirect("account")


@require_GET
def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, which says nothing of an account that is closed."""
    return redirect("account_login")


signing_in: list[URLPattern] = [
    path("sign-in/", form(passwords.login), name="account_login"),
    path("sign-in/code/", form(codes.authenticate), name="mfa_authenticate"),
    path("sign-in/again/", form(passwords.reauthenticate), name="account_reauthenticate"),
    path("sign-in/code/again/", form(codes.reauthenticate), name="mfa_reauthenticate"),
    path("sign-in/set-up/", form(totp.activate_totp), name="mfa_activate_totp"),
    path("sign-in/recovery-codes/", form(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("sign-in/recovery-codes/new/", form(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("sign-out/", form(passwords.logout), name="account_logout"),
    path("account/", own.account, name="account"),
    path("account/password/", form(passwords.password_change), name="account_change_password"),
    path("account/sessions/", own.sessions, name="account_sessions"),
    # allauth leads to these by name. Nobody takes an authenticator away by oneself; no page says that a name exists.
    path("account/security/", to_account, name="mfa_index"),
    path("account/authenticator/", to_account, name="mfa_deactivate_totp"),
    path("account/closed/", to_sign_in, name="account_inactive"),
]

administering: list[URLPattern] = [
    path("accounts/", users.listing, name="accounts"),
    path("accounts/find/", users.find, name="accounts_find"),
    path("accounts/add/", users.add, name="accounts_add"),
    path("accounts/<str:token>/", users.user, name="accounts_user"),
    path("accounts/<str:token>/roles/add/", users.grant, name="accounts_grant"),
    path("accounts/<str:token>/roles/<int:number>/end/", users.end, name="accounts_end"),
    path("accounts/<str:token>/password/", users.password, name="accounts_password"),
    path("accounts/<str:token>/second-factor/", users.second_factor, name="accounts_second_factor"),
    path("accounts/<str:token>/sign-out/", users.sign_out, name="accounts_sign_out"),
    path("accounts/<str:token>/close/", users.close, name="accounts_close"),
    path("accounts/<str:token>/open/", users.open_again, name="accounts_open"),
]

urlpatterns = [*signing_in, *administering]
