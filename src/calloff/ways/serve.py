"""
The comparison's server: one page on this machine's own address, for whoever sits at it.

Python's own server is enough for one reader. It listens on 127.0.0.1 and on nothing else, answers GET and HEAD, and
serves from memory, so that no path can lead to a file.
"""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

from calloff.domain.errors import BadInputError

HOST, USUAL_PORT, LAST_PORT = "127.0.0.1", 8000, 65_535
PORTS_TRIED = 100
IDLE_SECONDS = 30
"""How long a connection may stay without a request."""
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HTML, CSS, SVG, JSON = "text/html; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml", "application/json"
Refusal = Callable[[str, str], str]
"""A small page with a heading and a sentence."""


@dataclass(frozen=True)
class Answer:
    """What stands at one path."""

    kind: str
    body: bytes


@dataclass(frozen=True)
class Site:
    """Everything that is served, by path, and the small page for everything that is not."""

    answers: Mapping[str, Answer]
    refusal: Refusal


def site_of(page: str, health: Mapping[str, object], refusal: Refusal) -> Site:
    """The page with its style and icon, and what /health says, beside `"status": "ok"`."""
    beside = Path(__file__)
    answers = {
        "/": Answer(HTML, page.encode()),
        "/style.css": Answer(CSS, beside.with_name("style.css").read_bytes()),
        "/favicon.svg": Answer(SVG, beside.with_name("favicon.svg").read_bytes()),
        "/health": Answer(JSON, json.dumps({"status": "ok", **health}).encode()),
    }
    return Site(answers, refusal)


class Server(ThreadingHTTPServer):
    """The server of one site; threads that still answer do not keep it from ending."""

    daemon_threads = True

    def __init__(self, port: int, site: Site) -> None:
        self.site = site
        super().__init__((HOST, port), Handler)

    def server_bind(self) -> None:
        # The usual way looks the machine's own name up, which can take seconds where no name server answers.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that goes away amid an answer is no fault; anything else is told."""
        if not isinstance(sys.exception() if sys.version_info >= (3, 12) else sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # the base names a socket


class Handler(BaseHTTPRequestHandler):
    """Answers one request; every answer carries the same headers, a refusal too."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        found = self.server.site.answers.get(self.plain_path)
        if found is None:
            self.refuse(HTTPStatus.NOT_FOUND, "There is nothing here", "The comparison has one page.")
        else:
            self.answer(HTTPStatus.OK, found)

    do_HEAD = do_GET

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses, methods above all, in our own words."""
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        # A body that nobody reads would be taken for the next request.
        self.close_connection = True
        self.refuse(status, "This cannot be asked here", "The comparison can be read, and nothing else.")

    def refuse(self, status: HTTPStatus, heading: str, text: str) -> None:
        self.answer(status, Answer(HTML, self.server.site.refusal(heading, text).encode()))

    def answer(self, status: HTTPStatus, answer: Answer) -> None:
        self.send_response(status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in SECURITY_HEADERS.items():
            self.send_header(name, value)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    @property
    def plain_path(self) -> str:
        """The path without what follows a question mark."""
        return getattr(self, "path", "").partition("?")[0]

    def version_string(self) -> str:
        return "Calloff"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """A line for each request, without its query: that may hold what somebody typed."""
        number = code.value if isinstance(code, HTTPStatus) else code
        self.log_message("%s %s %s", self.command or "-", self.plain_path or "-", number)


def port_of(text: str | None) -> int:
    """The port asked for in PORT, or the usual one; BadInputError when it is no port."""
    if not text:
        return USUAL_PORT
    # No number of more figures is a port, and Python reads none of thousands.
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= LAST_PORT):
        raise BadInputError(f"PORT is {text!r}; write a whole number from 1 to {LAST_PORT}")
    return int(text)


def listen(port: int, site: Site, tell: Callable[[str], None]) -> Server:
    """
    A server on the port or, where that is taken, on the next free one, which is told.

    Raises BadInputError when the port may not or cannot be used, or all of the next hundred are taken.
    """
    for candidate in range(port, min(port + PORTS_TRIED, LAST_PORT + 1)):
        try:
            server = Server(candidate, site)
        except OSError as error:
            if error.errno == errno.EACCES:
                raise BadInputError(f"port {candidate} needs permission; set PORT to one from 1024") from error
            if error.errno != errno.EADDRINUSE:
                raise BadInputError(f"{HOST}:{candidate} cannot be listened on: {error.strerror or error}") from error
            continue
        if candidate != port:
            tell(f"port {port} is taken by another program; using {candidate} instead")
        return server
    raise BadInputError(f"ports {port} to {candidate} are all taken; set PORT to a free one")


def serve(server: Server, tell: Callable[[str], None]) -> None:
    """Serve until Ctrl-C, then say so."""
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        tell("\nthe comparison has stopped")
    finally:
        server.server_close()
