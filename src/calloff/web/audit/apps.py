from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "calloff.web.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from calloff.web.accounts.services.users import changed
        from calloff.web.audit.services.acts import record_account

        changed.connect(record_account, dispatch_uid="audit of accounts")
