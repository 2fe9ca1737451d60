from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "calloff.web.visits"
    label = "visits"
    verbose_name = "Visits"

    def ready(self) -> None:
        """Let what is planned ahead be known to every process."""
        from calloff.web.visits.services import planning  # noqa: F401
