from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "calloff.web.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from calloff.web.accounts.services import passing

        passing.listen()
        post_migrate.connect(passing.make_cache_table, sender=self)
