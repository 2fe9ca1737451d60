"""The server: this machine alone, two methods, four paths, the same headers on every answer."""

from __future__ import annotations

import http.client
import json
import socket
import threading

import pytest

from calloff.domain.errors import BadInputError
from calloff.ways import serve
from calloff.ways.page import refusal_of
from calloff.ways.serve import SECURITY_HEADERS, listen, port_of, site_of

SITE = site_of("<p>the page</p>", {"seed": 7}, refusal_of)


def a_free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    server = listen(a_free_port(), SITE, print)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ask(server):
    def ask(path, method="GET", body=None):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer, text

    return ask


def test_it_listens_on_this_machine_alone(server):
    assert server.server_address[0] == "127.0.0.1"


def test_the_page_its_style_and_its_icon_are_served(ask):
    for path, kind in (("/", "text/html"), ("/style.css", "text/css"), ("/favicon.svg", "image/svg+xml")):
        answer, text = ask(path)
        assert (answer.status, answer.headers["Content-Type"].partition(";")[0], bool(text)) == (200, kind, True)


def test_health_says_ok_and_what_was_made(ask):
    assert json.loads(ask("/health")[1]) == {"status": "ok", "seed": 7}


@pytest.mark.parametrize("path", ["/decisions/1", "/../../etc/passwd", "/style.css/", "/%00"])
def test_any_other_path_is_a_small_page_that_says_so(ask, path):
    answer, text = ask(path)

    assert answer.status == 404
    assert "There is nothing here" in text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_any_other_method_is_refused(ask, method):
    answer, text = ask("/", method, "a=b")

    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert "can be read, and nothing else" in text


def test_head_has_the_length_and_no_body(ask):
    answer, text = ask("/", "HEAD")

    assert (answer.status, answer.headers["Content-Length"], text) == (200, "15", "")


@pytest.mark.parametrize(("path", "method"), [("/", "GET"), ("/health", "GET"), ("/none", "GET"), ("/", "POST")])
def test_every_answer_carries_the_security_headers_and_names_no_version(ask, path, method):
    answer, _ = ask(path, method)

    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["Server"] == "Calloff"
    assert "script" not in SECURITY_HEADERS["Content-Security-Policy"]


def test_requests_are_noted_without_their_query(ask, capfd):
    ask("/health?person=somebody")

    assert "GET /health 200" in (noted := capfd.readouterr().err)
    assert "somebody" not in noted


def test_a_taken_port_is_named_and_the_next_free_one_used(server):
    lines = []

    with listen(server.server_port, SITE, lines.append) as second:
        assert second.server_port > server.server_port
        assert lines == [f"port {server.server_port} is taken by another program; using {second.server_port} instead"]


def test_ports_that_are_all_taken_are_refused(server, monkeypatch):
    monkeypatch.setattr(serve, "PORTS_TRIED", 1)

    with pytest.raises(BadInputError, match="all taken"):
        listen(server.server_port, SITE, print)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "80a", "8000.0", "٨"])
def test_a_port_that_is_none_is_refused(text):
    with pytest.raises(BadInputError, match="from 1 to 65535"):
        port_of(text)


def test_the_usual_port_is_8000():
    assert [port_of(None), port_of(""), port_of("9001")] == [8000, 8000, 9001]


def test_ctrl_c_ends_it_with_a_line():
    class Stopped:
        closed = False

        def serve_forever(self, poll_interval):
            raise KeyboardInterrupt

        def server_close(self):
            self.closed = True

    server, lines = Stopped(), []
    serve.serve(server, lines.append)

    assert (server.closed, lines) == (True, ["\nthe comparison has stopped"])
