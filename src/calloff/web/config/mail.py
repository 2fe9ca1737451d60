"""E-mail into a folder: one file for each message, named by its id, so that the same message is never there twice."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

UNSAFE = re.compile(r"[^\w.@-]")


class FolderBackend(BaseEmailBackend):
    """Puts each message as a file into the folder of the settings, whole or not at all."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages; a second one of the same id takes the place of the first."""
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            content = message.message()
            name = UNSAFE.sub("", str(content["Message-ID"]))
            partial = folder / f".{name}.{os.getpid()}.partial"
            partial.write_bytes(content.as_bytes())
            partial.replace(folder / f"{name}.eml")
        return len(email_messages)
