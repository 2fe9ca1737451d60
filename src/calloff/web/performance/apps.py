"""The room of indicators."""

from django.apps import AppConfig


class PerformanceConfig(AppConfig):
    name = "calloff.web.performance"
    label = "performance"
