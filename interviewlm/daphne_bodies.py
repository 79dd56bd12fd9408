"""Daphne's requests with an end: by itself it puts a body of any length on the disk."""

import logging
from io import BytesIO
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest

from interviewlm.bodies import CHUNK_HEADER, REFUSAL, largest_body

logger = logging.getLogger(__name__)

# A sender that reads only once it has sent all would not see the answer if the
# connection were closed at once; what it goes on sending is dropped.
LINGER_SECONDS = 5.0
# Twisted's own is a quarter of it: each block of a chunk goes through all its layers.
READ_BYTES = 256 * 1024
_ANSWER = (
    b"HTTP/1.1 413 Content Too Large\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\n"
    b"Connection: close\r\n\r\n%s"
)


class LimitedRequest(WebRequest):  # type: ignore[misc]  # daphne is untyped
    """Refuses (413) by what the request says, or once too much has come."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._most = largest_body()
        self._taken = 0
        self._is_refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802 -- Twisted's name
        """Look at the length before there is a file; None where it is not said."""
        if length is None or length <= self._most:
            super().gotLength(length)
            if self.requestHeaders.hasHeader(CHUNK_HEADER):
                self._begin_part()
            return
        self.content = BytesIO()
        # Or it would be told to go on.
        self.requestHeaders.removeHeader(b"expect")
        self._refuse()

    def _begin_part(self) -> None:
        """Write a chunk where it will lie; the path is not known yet."""
        from recordings.receiving import (  # noqa: PLC0415 -- needs the apps loaded
            begin_part,
        )

        part = begin_part()
        if part is not None:
            self.content.close()
            self.channel.transport.bufferSize = READ_BYTES
            self.content = part  # type: ignore[assignment]  # it is one to Twisted

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 -- Twisted's name
        """Keep what arrives, up to the limit."""
        if self._is_refused:
            return
        self._taken += len(data)
        if self._taken <= self._most:
            super().handleContentChunk(data)
            return
        self.content.close()
        self.content = BytesIO()
        self._refuse()

    def _refuse(self) -> None:
        self._is_refused = True
        logger.info("Refused a request with a body of more than %s bytes", self._most)
        transport = self.channel.transport
        transport.write(_ANSWER % (len(REFUSAL), REFUSAL))
        self.channel.callLater(LINGER_SECONDS, transport.abortConnection)

    def process(self) -> Any:
        """Hand a request on that was not refused."""
        if self._is_refused:
            self.channel.loseConnection()
            return None
        return super().process()


class LimitedFactory(HTTPFactory):  # type: ignore[misc]  # daphne is untyped
    """Makes connections with such requests."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 -- Twisted's name
        """Name our class of requests."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = LimitedRequest
        return protocol
