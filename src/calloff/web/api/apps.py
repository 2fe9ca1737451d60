from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "calloff.web.api"
    label = "api"
    verbose_name = "Interface for programs"
