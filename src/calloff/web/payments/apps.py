from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "calloff.web.payments"
    label = "payments"
    verbose_name = "Payments"
