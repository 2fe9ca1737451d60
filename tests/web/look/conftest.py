"""The gallery on a server of its own, with the headers under which the website runs, and Django set up for it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import django
import pytest

STATIC = Path(__file__).resolve().parents[3] / "src" / "calloff" / "web" / "config" / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; connect-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

# The tests of the look need Django's templates and languages, and no database.
django.setup()


@pytest.fixture(scope="session")
def gallery():
    """The address of the gallery, whose pages are those of `gallery.PAGES`; what is posted to it is kept in order."""
    from web.look.gallery import page

    posted: list[tuple[str, str]] = []

    class Gallery(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = self.path.partition("?")[0]
            if path.startswith("/static/"):
                file = STATIC / path.removeprefix("/static/")
                self.answer(file.read_bytes(), KINDS[file.suffix])
            elif path == "/favicon.ico":
                self.answer(b"", "image/x-icon")
            else:
                self.answer(page(path.strip("/")).encode(), "text/html; charset=utf-8")

        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            posted.append((self.path, text))
            self.answer(page("thanks").encode(), "text/html; charset=utf-8")

        def answer(self, content, kind):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gallery)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    yield type("Address", (), {"address": address, "posted": posted})
    server.shutdown()
    server.server_close()
