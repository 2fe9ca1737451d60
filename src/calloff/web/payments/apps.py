from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "calloff.web.payments"
    label = "payments"
    verbose_name = "Payments"

    def ready(self) -> None:
        """Let what is settled after a file be known to every process, and how long a place is kept."""
        # Each names what it does when it is loaded; the worker loads no pages.
        from calloff.web.payments.services import entitling, retainers, rules, runs, uplifts  # noqa: F401 - they register
