"""The door for web servers: it opens only for a configuration that is safe to run."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calloff.web.config.settings")
application = get_wsgi_application()

# After Django is set up: the question is asked of the database, too.
from calloff.web.config.safety import refuse_unsafe  # noqa: E402

refuse_unsafe()
