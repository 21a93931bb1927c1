"""urllib3's connections, except that they hang up on a server that sends its headers too slowly.

Each received byte restarts a socket's timeout: a server that sends one byte every 29 s would hold a download for years.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.request import getproxies, proxy_bypass

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager, ProxyManager, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import parse_url

_DEFAULT_S = 30.0


def connections_to(url: str) -> PoolManager:
    """Connections to the host of a URL, or to the proxy that the environment names for it (https_proxy, no_proxy)."""
    parts = parse_url(url)
    proxy = None if proxy_bypass(parts.host or "") else getproxies().get(parts.scheme or "")
    manager = PoolManager()
    if proxy:
        auth = parse_url(proxy).auth
        manager = ProxyManager(proxy, proxy_headers=make_headers(proxy_basic_auth=auth) if auth else None)
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
    return manager


@contextmanager
def _hang_up_when_late(connection: HTTPConnection) -> Iterator[None]:
    late = threading.Event()

    def hang_up() -> None:
        late.set()
        if connection.sock is not None:
            with suppress(OSError):  # it was closed in the meantime
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(2 * float(connection.timeout or _DEFAULT_S), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
        if late.is_set():  # the headers received by then look like a whole reply
            raise TimeoutError("the server sent its headers too slowly")
    finally:
        timer.cancel()


class _HTTP(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3's own
        with _hang_up_when_late(self):
            return super().getresponse()


class _HTTPS(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3's own
        with _hang_up_when_late(self):
            return super().getresponse()


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPS
