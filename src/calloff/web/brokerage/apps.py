from django.apps import AppConfig


class BrokerageConfig(AppConfig):
    name = "calloff.web.brokerage"
    label = "brokerage"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let what is done with approved imports, and with what a leaver owned, be known to every process."""
        from calloff.web.accounts.services.users import changed
        from calloff.web.brokerage.services import day_one, leaving  # noqa: F401

        changed.connect(leaving.account_changed, dispatch_uid="packages of leavers")
