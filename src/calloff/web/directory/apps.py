from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "calloff.web.directory"
    label = "directory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from calloff.web.accounts.services import places
        from calloff.web.directory.services import RegisterPlaces

        places.known_by(RegisterPlaces())
