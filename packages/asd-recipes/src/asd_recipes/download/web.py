"""GET over HTTP and HTTPS only: repeated after temporary faults, with limits on attempts, silence and slowness."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, LocationValueError, SSLError

from asd_recipes import __version__
from asd_recipes.download.errors import DownloadError, TransferError
from asd_recipes.download.patience import Patience, TransientError, retry_after_s
from asd_recipes.download.prompt_connections import connections_to

USER_AGENT = f"asd-recipes/{__version__} (asd data download)"
CHUNK_BYTES = 1 << 16
MOST_REDIRECTS = 5
_TRANSIENT = {408, 416, 425, 429, 500, 502, 503, 504}  # 416: the part file is not the beginning of this file

Result = TypeVar("Result")


class DownloadStoppedError(DownloadError):
    """The user stopped the download."""


class Web:
    """The network access of one download; may be used by several threads."""

    def __init__(
        self,
        patience: Patience | None = None,
        *,
        say: Callable[[str], None] = lambda text: None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.patience = patience or Patience()
        self._say = say
        self._stop = threading.Event()
        self._sleep: Callable[[float], object] = sleep or self._stop.wait

    def stop(self) -> None:
        """Ends every transfer and pause with DownloadStoppedError."""
        self._stop.set()

    def check_stop(self) -> None:
        """Raises DownloadStoppedError after stop()."""
        if self._stop.is_set():
            raise DownloadStoppedError("stopped")

    def persist(
        self, what: str, attempt: Callable[[], Result], *, give_up: type[DownloadError] = TransferError
    ) -> Result:
        """Calls attempt until it returns; before each pause says when it tries again.

        Raises:
            give_up: too many attempts in a row failed, or the server asked for too long a pause.
        """
        failures, most = 0, self.patience.attempts
        while True:
            self.check_stop()
            try:
                return attempt()
            except TransientError as failure:
                failures = 1 if failure.progress else failures + 1
                if failures >= most:
                    raise give_up(
                        f"{what}: {failures} attempts in a row failed, the last one with: {failure}. "
                        "Run the command again later: it continues where it stopped."
                    ) from failure
                if failure.wait_s is not None and failure.wait_s > self.patience.longest_wait_s:
                    raise give_up(
                        f"{what}: {failure}, and the server asks to wait {failure.wait_s:.0f} s. "
                        "Run the command again after that: it continues where it stopped."
                    ) from failure
                pause_s = self.patience.pause_s(failures, failure.wait_s)
                self._say(f"{what}: {failure}; attempt {failures + 1} of {most} in {pause_s:.0f} s")
                self._sleep(pause_s)

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[BaseHTTPResponse]:
        """The reply to a GET, with status 2xx; its body is not yet read.

        Raises:
            TransientError: a temporary fault: no connection, silence, a busy server.
            TransferError: a permanent fault: a refusal, a bad certificate, a redirect to something other than http(s).
        """
        reply = self._reply(url, headers)
        with reply:
            if not 200 <= reply.status < 300:
                raise _refusal(url, reply)
            if (encoding := reply.headers.get("Content-Encoding", "identity")) != "identity":
                raise TransientError(f"{url}: sent in the encoding {encoding!r}, which was not requested")
            yield reply

    def _reply(self, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """The first reply that is not a redirect. Followed here, as urllib3 would read a redirect's body to its end."""
        asked = url
        for _ in range(MOST_REDIRECTS + 1):
            reply = self._ask(asked, headers)
            place = reply.get_redirect_location()
            if not place:
                return reply
            reply.close()
            asked = _redirected(asked, place)
        raise TransferError(f"{url}: the server redirects more than {MOST_REDIRECTS} times.")

    def _ask(self, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        try:
            return connections_to(url).request(
                "GET",
                url,
                headers={"User-Agent": USER_AGENT, **headers},  # Accept-Encoding: identity is added
                timeout=self.patience.timeout_s,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
        except LocationValueError as error:
            raise TransferError(f"{url} is not a valid address: {error}.") from error
        except HTTPError as error:
            if isinstance(error, SSLError) and isinstance(error.args[0], ssl.SSLCertVerificationError):
                raise TransferError(f"{url}: the certificate is not valid: {_reason(error)}.") from error
            raise TransientError(f"{url}: {_reason(error)}") from error

    def body(self, reply: BaseHTTPResponse) -> Iterator[bytes]:
        """The reply's body, piece by piece, to its declared length or its end.

        Raises:
            TransientError: the connection broke, fell silent, or is too slow.
        """
        since, brought = time.monotonic(), 0
        while reply.length_remaining != 0:
            self.check_stop()
            try:
                piece = reply.read1(min(CHUNK_BYTES, reply.length_remaining or CHUNK_BYTES))
            except HTTPError as error:
                raise TransientError(f"the connection broke: {_reason(error)}") from error
            if not piece:
                return
            brought += len(piece)
            yield piece
            if (elapsed := time.monotonic() - since) > self.patience.slow_window_s:
                if brought < self.patience.slow_bytes:
                    raise TransientError(f"the server sent {brought} bytes in {elapsed:.1f} s")
                since, brought = time.monotonic(), 0


def is_http(url: str) -> bool:
    """Whether a URL is http:// or https:// with a host, and its port, if it names one, is a number."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _redirected(url: str, place: str) -> str:
    """Where a redirect leads; only to http(s), and never from https to http."""
    try:
        target = urljoin(url, place)
    except ValueError:
        target = ""
    if not is_http(target) or (url.startswith("https:") and not target.startswith("https:")):
        raise TransferError(f"{url}: the server redirects to {place!r}, which is not followed.")
    return target


def _refusal(url: str, reply: BaseHTTPResponse) -> TransientError | TransferError:
    reason = f"{url}: the server answers {reply.status} {reply.reason}"
    if reply.status in _TRANSIENT:
        return TransientError(reason, wait_s=retry_after_s(reply.headers, time.time()), status=reply.status)
    return TransferError(f"{reason}. Asking again will not help. Is the address right? Is --mirror a mirror?")


def _reason(error: HTTPError) -> str:
    """The text of the error that urllib3 wraps; urllib3's own text names Python objects."""
    inner = next((e for e in (*error.args, error.__cause__) if isinstance(e, BaseException)), error)
    return str(inner) or type(inner).__name__
