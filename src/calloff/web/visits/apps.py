from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "calloff.web.visits"
    label = "visits"
    verbose_name = "Visits"

    def ready(self) -> None:
        """Let what is planned ahead be known to every process."""
        # Each names its jobs when it is loaded; the worker loads no pages.
        from calloff.web.visits.services import large, planning, tables  # noqa: F401 - they register
