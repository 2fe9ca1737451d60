"""Signing in and out, and one's own account. The rest of allauth has no address here: sign-up, e-mail, reset."""

from allauth.account import views as passwords
from allauth.mfa.base import views as codes
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.urls import path
from django.views.generic import RedirectView

from calloff.web.accounts import views

urlpatterns = [
    path("sign-in/", passwords.login, name="account_login"),
    path("sign-in/code/", codes.authenticate, name="mfa_authenticate"),
    path("sign-in/again/", passwords.reauthenticate, name="account_reauthenticate"),
    path("sign-in/code/again/", codes.reauthenticate, name="mfa_reauthenticate"),
    path("sign-in/set-up/", totp.activate_totp, name="mfa_activate_totp"),
    path("sign-in/recovery-codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("sign-in/recovery-codes/new/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("sign-out/", passwords.logout, name="account_logout"),
    path("account/", views.account, name="account"),
    path("account/password/", passwords.password_change, name="account_change_password"),
    path("account/sessions/", views.sessions, name="account_sessions"),
    # allauth leads to these by name. Nobody takes an authenticator away by oneself; no page says that a name exists.
    path("account/security/", RedirectView.as_view(pattern_name="account"), name="mfa_index"),
    path("account/authenticator/", RedirectView.as_view(pattern_name="account"), name="mfa_deactivate_totp"),
    path("account/closed/", RedirectView.as_view(pattern_name="account_login"), name="account_inactive"),
]
