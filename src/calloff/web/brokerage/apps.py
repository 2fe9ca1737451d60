from django.apps import AppConfig


class BrokerageConfig(AppConfig):
    name = "calloff.web.brokerage"
    label = "brokerage"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let what is done with approved imports be known to every process."""
        from calloff.web.brokerage.services import day_one  # noqa: F401
