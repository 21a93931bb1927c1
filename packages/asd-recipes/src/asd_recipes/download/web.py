"""GET over HTTP and HTTPS alone: timeouts, our own User-Agent, and every fault as one of two, try again or not."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from asd_recipes import __version__
from asd_recipes.download.errors import DownloadError, TransferError
from asd_recipes.download.patience import PassingError, Patience, Result, retry_after_s

USER_AGENT = f"asd-recipes/{__version__} (asd data download)"
CHUNK_BYTES = 1 << 16
_MAY_PASS = {408, 416, 425, 429, 500, 502, 503, 504}  # 416: the part file is not a beginning of this file


class DownloadStoppedError(DownloadError):
    """The user stopped the download."""


class Web:
    """The network, as one download uses it; several threads may."""

    def __init__(self, patience: Patience | None = None, *, sleep: Callable[[float], None] | None = None) -> None:
        self.patience = patience or Patience()
        self._stop = threading.Event()
        self._sleep = sleep or self._pause
        self._opener = _opener()

    def stop(self) -> None:
        """Ends every transfer and pause with DownloadStoppedError."""
        self._stop.set()

    def check_stop(self) -> None:
        """Raises DownloadStoppedError after stop()."""
        if self._stop.is_set():
            raise DownloadStoppedError("stopped")

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def persist(
        self, what: str, attempt: Callable[[], Result], *, give_up: type[DownloadError] = TransferError
    ) -> Result:
        """Patience.persist with this download's pauses."""

        def unless_stopped() -> Result:
            self.check_stop()
            return attempt()

        return self.patience.persist(what, unless_stopped, sleep=self._sleep, give_up=give_up)

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[http.client.HTTPResponse]:
        """The reply to a GET, its status 2xx.

        Raises:
            PassingError: a fault that may pass: no connection, silence, a busy server.
            TransferError: one that will not: a refusal, a certificate, a redirect elsewhere than to http(s).
        """
        fields = {"User-Agent": USER_AGENT, **headers}  # http.client adds Accept-Encoding: identity
        try:
            reply = self._opener.open(Request(url, headers=fields), timeout=self.patience.timeout_s)
        except HTTPError as error:
            with error:
                raise _refusal(url, error) from None
        except URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise TransferError(f"{url}: the certificate does not hold: {error.reason}.") from error
            raise PassingError(f"{url}: {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            raise PassingError(f"{url}: {_words(error)}") from error
        except ValueError as error:
            raise TransferError(f"{url} is not an address that can be asked: {error}.") from error
        with reply:
            if (encoding := reply.headers.get("Content-Encoding", "identity")) != "identity":
                raise PassingError(f"{url}: sent in the encoding {encoding!r}, which was not asked for")
            yield reply

    def body(self, reply: http.client.HTTPResponse) -> Iterator[bytes]:
        """The reply's body, piece by piece, to its declared length or its end.

        Raises:
            PassingError: the connection broke, fell silent, or drips.
        """
        left = reply.length  # http.client's read1 does not count; a connection that stays open would only time out
        since, brought = time.monotonic(), 0
        while left is None or left > 0:
            self.check_stop()
            try:
                piece = reply.read1(CHUNK_BYTES)
            except (OSError, http.client.HTTPException) as error:
                raise PassingError(f"the connection broke: {_words(error)}") from error
            if not piece:
                return
            piece = piece if left is None else piece[:left]
            left = None if left is None else left - len(piece)
            brought += len(piece)
            yield piece
            if (elapsed := time.monotonic() - since) > self.patience.slow_window_s:
                if brought < self.patience.slow_bytes:
                    raise PassingError(f"the server sent {brought} bytes in {elapsed:.1f} s")
                since, brought = time.monotonic(), 0


def is_http(url: str) -> bool:
    """Whether a URL is http:// or https:// with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _refusal(url: str, error: HTTPError) -> PassingError | TransferError:
    reason = f"{url}: the server answers {error.code} {error.reason}"
    if error.code in _MAY_PASS:
        return PassingError(reason, wait_s=retry_after_s(error.headers, time.time()), status=error.code)
    return TransferError(f"{reason}. It is of no use to ask again; is the address right, is --mirror a mirror?")


class _HttpRedirects(HTTPRedirectHandler):
    """Follows five redirects, to http(s) alone and never from https to http."""

    max_redirections = 5
    max_repeats = 2

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> Request | None:
        if not is_http(newurl) or (req.type == "https" and urlsplit(newurl).scheme != "https"):
            fp.close()
            raise TransferError(f"{req.full_url}: the server redirects to {newurl!r}, which is not followed.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def _prompt(connection: http.client.HTTPConnection) -> Iterator[None]:
    """Hangs up on a server that drips its headers: each byte restarts the socket's own timeout."""
    late = threading.Event()

    def hang_up() -> None:
        late.set()
        if connection.sock is not None:
            with suppress(OSError):  # it was closed in the meantime
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(2 * float(connection.timeout or 30.0), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
        if late.is_set():
            raise TimeoutError("the server sent its headers too slowly")
    finally:
        timer.cancel()


class _PromptHTTPConnection(http.client.HTTPConnection):
    def getresponse(self) -> http.client.HTTPResponse:
        with _prompt(self):
            return super().getresponse()


class _PromptHTTPSConnection(http.client.HTTPSConnection):
    def getresponse(self) -> http.client.HTTPResponse:
        with _prompt(self):
            return super().getresponse()


class _PromptHTTPHandler(HTTPHandler):
    def http_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(_PromptHTTPConnection, req)


class _PromptHTTPSHandler(HTTPSHandler):
    def https_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(_PromptHTTPSConnection, req, context=ssl.create_default_context())


def _opener() -> OpenerDirector:
    """urllib's opener without its handlers of file:, ftp: and data: addresses."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        _PromptHTTPHandler(),
        _PromptHTTPSHandler(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
        _HttpRedirects(),
        UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener
