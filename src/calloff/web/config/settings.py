"""
Django's settings. Everything that differs from one council to another comes from the environment (environment.py).

The order of MIDDLEWARE is told beside it, since each member relies on the ones before.
"""

from __future__ import annotations

import os

from django.utils.translation import gettext_lazy as _

from calloff.web.config.environment import read_environment

said = read_environment(os.environ)

CALLOFF_DEMO = said.demo
DEBUG = said.debug
SECRET_KEY = said.key
SECRET_KEY_FALLBACKS = list(said.former_keys)
ALLOWED_HOSTS = list(said.hosts)
SITE_URL = said.site

# Ours before allauth, so that our templates of its pages win.
INSTALLED_APPS = [
    "calloff.web.config",
    "calloff.web.api",
    "calloff.web.performance",
    "calloff.web.provider_portal",
    "calloff.web.payments",
    "calloff.web.visits",
    "calloff.web.brokerage",
    "calloff.web.contracts",
    "calloff.web.directory",
    "calloff.web.jobs",
    "calloff.web.audit",
    "calloff.web.accounts",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
]

MIDDLEWARE = [
    # First, so that whatever happens below is logged under one number and answered with the same headers.
    "calloff.web.config.middleware.request_number",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "calloff.web.config.middleware.careful_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Before anybody reads a cookie: programs come with a key, and nobody's session acts for them.
    "calloff.web.api.views.door.programs_alone",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    # Who is it: a session in time, with the second factor, and at which council's desk.
    "calloff.web.config.middleware.sessions_end",
    "calloff.web.config.middleware.second_factor",
    "calloff.web.config.middleware.desk",
]

ROOT_URLCONF = "calloff.web.config.urls"
WSGI_APPLICATION = "calloff.web.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "calloff.web.config.look.context.look",
            ],
        },
    }
]

# No transaction around whole requests: each service has its own, and on SQLite every transaction is a writer.
DATABASES = {"default": said.database}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "calloff_cache"}}

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English"))]
TIME_ZONE = "Europe/London"
USE_TZ = True
# Sentences are written in English: until a second language has a catalogue, each would be looked up in vain.
USE_I18N = len(LANGUAGES) > 1

STATIC_URL = "/static/"
# The demonstration needs no collecting of files; a live council serves them compressed, under names that change.
STATIC_ROOT = None if said.demo else said.static
WHITENOISE_USE_FINDERS = said.demo
WHITENOISE_AUTOREFRESH = said.debug
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if said.demo
        else "calloff.web.config.storage.GzipManifestStorage"
    },
}

EMAIL_BACKEND = (
    "calloff.web.config.mail.FolderBackend" if said.mail.folder else "django.core.mail.backends.smtp.EmailBackend"
)
EMAIL_FILE_PATH = said.mail.folder
EMAIL_HOST, EMAIL_PORT = said.mail.host, said.mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = said.mail.user, said.mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = said.mail.starttls, said.mail.tls
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = said.sender

# Signing in

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["calloff.web.accounts.services.signing_in.NameAndPassword"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "calloff.web.accounts.services.signing_in.MaximumLengthValidator", "OPTIONS": {"max_length": 200}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "calloff.web.accounts.services.signing_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "name"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_FORMS = {
    "login": "calloff.web.accounts.forms.signing_in.SignInForm",
    "reauthenticate": "calloff.web.accounts.forms.signing_in.PasswordAgainForm",
    "change_password": "calloff.web.accounts.forms.signing_in.NewPasswordForm",
}
# `login_failed` counts a name and a source together (10), and a source with whatever names (100).
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": "10/15m/key,100/15m/ip",
    "code_failed": "10/15m/key",
    "code_failed_anywhere": "60/15m/key",
    "reauthenticate": "10/15m/user",
    "change_password": "10/15m/user",
}
MFA_ADAPTER = "calloff.web.accounts.services.signing_in.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "calloff.web.accounts.forms.signing_in.CodeForm",
    "reauthenticate": "calloff.web.accounts.forms.signing_in.CodeAgainForm",
    "activate_totp": "calloff.web.accounts.forms.signing_in.SetUpForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Calloff"
MFA_TOTP_PERIOD = 30
MFA_TOTP_TOLERANCE = 1
ALLAUTH_TRUSTED_PROXY_COUNT = said.proxies

# The times of a session are kept by middleware; the row and the cookie last no longer than the longest.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# What the browser is told

SECURE = not said.demo
SESSION_COOKIE_NAME = "__Host-calloff" if SECURE else "calloff"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-calloff-form" if SECURE else "calloff-form"
CSRF_FAILURE_VIEW = "calloff.web.config.views.form_too_old"
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if said.proxies else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
# What the framework advises: names below this site are reached by TLS alone, too.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'none'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["'none'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# One line for each thing that happens, on the error stream. What may stand in it is decided in logs.py.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"careful": {"()": "calloff.web.config.logs.CarefulFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "careful"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "calloff": {"level": "INFO"},
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # What was not found or not allowed has its line already, by its route; here would stand whatever was typed.
        "django.request": {"level": "ERROR"},
        # So it is with forms without their token, hosts that are not ours and whatever else is answered by 400 or 403.
        "django.security": {"level": "CRITICAL"},
    },
}
