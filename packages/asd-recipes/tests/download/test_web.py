"""How requests handle hostile redirects, endless bodies, proxies and certificates, and what they report."""

from __future__ import annotations

import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest
from urllib3 import PoolManager
from urllib3.exceptions import SSLError

from asd_recipes.download import Patience, RecordError, TransferError, Web
from asd_recipes.download.patience import TransientError
from asd_recipes.download.web import MOST_REDIRECTS

if TYPE_CHECKING:
    from conftest import Behaviour, Caller, Handler, RecordServer

DEV = 7882613
API = f"/api/records/{DEV}"


BODY_BYTES = 256 << 20


def large(status: int, **headers: str) -> Behaviour:
    """A reply whose body never ends in reasonable time."""

    def behave(handler: Handler) -> None:
        handler.reply(status, b"", headers=headers, length=BODY_BYTES)
        for _ in range(BODY_BYTES >> 16):
            handler.wfile.write(bytes(1 << 16))
            handler.server.dripped += 1 << 16

    return behave


def moved_on(handler: Handler) -> None:
    """Redirects to a new path each time."""
    handler.reply(302, b"", headers={"Location": handler.path + "x"})


def fetched(web: Web, url: str) -> bytes:
    with web.get(url, {}) as reply:
        return b"".join(web.body(reply))


def test_redirects_are_followed_five_times_and_no_more(server: RecordServer) -> None:
    for step in range(MOST_REDIRECTS + 2):
        server.script[f"/{'x' * step}"] = [moved_on]
    with pytest.raises(TransferError, match="redirects more than 5 times"):
        fetched(Web(), f"{server.url}/")
    assert len(server.requests) == 6
    server.content["/xxxxxxx"] = b"here"
    assert fetched(Web(), f"{server.url}/xx") == b"here"


@pytest.mark.parametrize("status", [302, 404, 503])
def test_the_body_of_a_redirect_or_a_refusal_is_not_read(status: int, server: RecordServer) -> None:
    server.script["/x"] = [large(status, Location="/y")]
    server.content["/y"] = b"here"
    if status == 302:
        assert fetched(Web(), f"{server.url}/x") == b"here"
    else:
        with pytest.raises((TransferError, TransientError), match=f"the server answers {status}"):
            fetched(Web(), f"{server.url}/x")
    assert server.dripped < BODY_BYTES / 4, "what the sockets' buffers take"


def test_a_redirect_from_https_to_http_is_not_followed(server: RecordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.script["/x"] = [lambda handler: handler.reply(302, b"", headers={"Location": f"{server.url}/y"})]
    request = PoolManager.request

    def without_tls(self: PoolManager, method: str, url: str, **options: object) -> object:
        return request(self, method, url.replace("https:", "http:"), **options)  # type: ignore[arg-type]

    monkeypatch.setattr(PoolManager, "request", without_tls)
    with pytest.raises(TransferError, match="which is not followed"):
        fetched(Web(), f"{server.url}/x".replace("http:", "https:"))
    assert [path for path, _ in server.requests] == ["/x"]


def test_an_invalid_certificate_is_not_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise SSLError(ssl.SSLCertVerificationError("self-signed certificate"))

    monkeypatch.setattr(PoolManager, "request", refused)
    with pytest.raises(TransferError, match=r"certificate is not valid.*self-signed"):
        fetched(Web(), "https://127.0.0.1/")


def test_a_server_without_tls_is_not_contacted_in_plain_text(server: RecordServer) -> None:
    with pytest.raises(TransientError):
        fetched(Web(Patience(timeout_s=5)), server.url.replace("http:", "https:"))
    assert server.requests == []


def test_a_proxy_from_the_environment_is_used_and_gets_our_user_agent(
    server: RecordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//me:pass@"))
    monkeypatch.setenv("no_proxy", "elsewhere.example")
    server.content["http://mirror.example/x"] = b"here"
    assert fetched(Web(), "http://mirror.example/x") == b"here"
    assert {name.lower(): text for name, text in server.requests[0][1].items()}["proxy-authorization"] == (
        "Basic bWU6cGFzcw=="
    )
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server.content["/x"] = b"directly"
    assert fetched(Web(), f"{server.url}/x") == b"directly"


def test_a_waiting_download_says_why_and_when_it_tries_again(
    server: RecordServer, download: Caller, zips: dict[str, bytes]
) -> None:
    server.script[API] = [lambda handler: handler.reply(503, b"", headers={"Retry-After": "42"})]
    with pytest.raises(RecordError, match="4 attempts in a row failed"):
        download()
    url = server.url + API
    assert download.said.getvalue().splitlines() == [
        f"record {DEV}: {url}: the server answers 503 Service Unavailable; attempt {n} of 4 in 42 s" for n in (2, 3, 4)
    ]
    assert download.pauses == [42.0, 42.0, 42.0]


def test_a_stop_ends_a_pause_at_once(server: RecordServer) -> None:
    web = Web(Patience(first_pause_s=60))
    threading.Timer(0.1, web.stop).start()

    def fail() -> None:
        raise TransientError("busy")

    start = time.monotonic()
    with pytest.raises(Exception, match="stopped"):
        web.persist("x", fail)
    assert time.monotonic() - start < 10
