"""The transport of the SDK's client: requests go out through aiohttp.

Its parser is in C: a streamed token costs a third of what it costs through h11. The
SDK brings such a transport, too, but that one loses what had arrived just before a
connection broke, and takes one that broke later for one that never was.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import aiohttp
import httpx2
from yarl import URL

from assistant.providers.tallies import count_connections

# As many answers at once as a process can bear, and enough warm lines for a burst.
# The idle time stays under the minute after which balancers cut.
_CONNECTIONS = 1000
_IDLE_SECONDS = 55.0
# The SDK has set all that are to be sent.
_OWN_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
# In a response's extensions.
_ARRIVED = "interviewlm.arrived"
_FAILURES: tuple[tuple[type[Exception], type[httpx2.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout),
    (TimeoutError, httpx2.ReadTimeout),
    (aiohttp.ClientProxyConnectionError, httpx2.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx2.ProxyError),
    (aiohttp.ClientConnectorError, httpx2.ConnectError),
    (aiohttp.InvalidURL, httpx2.UnsupportedProtocol),
    (aiohttp.ClientResponseError, httpx2.RemoteProtocolError),
    # It was reached, and has maybe begun to answer.
    (aiohttp.ClientError, httpx2.ReadError),
    (OSError, httpx2.ReadError),
)


def arrivals_of(response: httpx2.Response) -> Callable[[], bytes]:
    """Return what gives a streamed body's bytes that are here already, maybe none.

    It passes by all that stands between a reader and the connection, which costs a
    streamed token more than its parsing does. Ends, failures and compressed bodies are
    told by the response's own iterators only, which go on behind what was taken.
    """
    if response.headers.get("content-encoding", "identity") != "identity":
        return bytes
    arrivals: Callable[[], bytes] = response.extensions.get(_ARRIVED, bytes)
    return arrivals


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Sends requests over a pool of connections; it belongs to one event loop.

    Proxies are those of the environment (HTTPS_PROXY, NO_PROXY). The waits for a place
    in the pool, for the connection and between two pieces are the request's.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return the response, its body still to be read.

        Raises httpx2.TransportError.
        """
        with _told(request):
            response = await self._open().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=await request.aread() or None,
                allow_redirects=False,
                timeout=_timeout(request.extensions.get("timeout", {})),
            )
        body = _Body(request, response)
        return httpx2.Response(
            response.status,
            headers=list(response.raw_headers),
            stream=body,
            extensions={"http_version": b"HTTP/1.1", _ARRIVED: body.take_arrived},
        )

    def _open(self) -> aiohttp.ClientSession:
        """Return the session, which has to be made within the loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=_CONNECTIONS,
                    keepalive_timeout=_IDLE_SECONDS,
                    ssl=httpx2.create_ssl_context(),
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_OWN_HEADERS,
                trace_configs=[count_connections()],
                trust_env=True,
            )
        return self._session

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()


class _Body(httpx2.AsyncByteStream):
    def __init__(
        self, request: httpx2.Request, response: aiohttp.ClientResponse
    ) -> None:
        self._request = request
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._response.content
        with _told(self._request):
            try:
                async for data in content.iter_any():
                    yield data
            except (aiohttp.ClientError, OSError):
                if rest := _take_rest(content):
                    yield rest
                raise

    def take_arrived(self) -> bytes:
        content = self._response.content
        return b"" if content.exception() else content.read_nowait()

    async def aclose(self) -> None:
        """Give the connection back, or end it where not all was read."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


def _take_rest(content: aiohttp.StreamReader) -> bytes:
    """Return what came before the connection broke; aiohttp tells of the break only."""
    content.set_exception(None)  # type: ignore[arg-type] # as before any was set
    return content.read_nowait()


@contextmanager
def _told(request: httpx2.Request) -> Iterator[None]:
    """Raise what the SDK knows of: httpx2's errors."""
    try:
        yield
    except (aiohttp.ClientError, OSError) as error:
        for known, told in _FAILURES:
            if isinstance(error, known):
                raise told(str(error), request=request) from error
        raise


def _timeout(limits: dict[str, float | None]) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        connect=limits.get("pool"),
        sock_connect=limits.get("connect"),
        sock_read=limits.get("read"),
    )
