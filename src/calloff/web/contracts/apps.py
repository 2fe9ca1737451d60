from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "calloff.web.contracts"
    label = "contracts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let what is done with approved drafts be known to every process."""
        from calloff.web.contracts.services import enrolling, register  # noqa: F401
