from django.apps import AppConfig


class ProviderPortalConfig(AppConfig):
    name = "calloff.web.provider_portal"
    label = "provider_portal"
    verbose_name = "Provider portal"
