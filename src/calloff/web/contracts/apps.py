from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "calloff.web.contracts"
    label = "contracts"
    default_auto_field = "django.db.models.BigAutoField"
