from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "calloff.web.visits"
    label = "visits"
    verbose_name = "Visits"
