"""Where a large body lies until somebody reads it.

Django under ASGI takes a whole body before it asks anybody what the request is for:
a megabyte of it in memory, the rest in a temporary file. Daphne has done the same by
then, up to the same limit (`daphne_bodies`), and would pass it on through memory; its
file is taken as it is. A chunk of a recording is written once, on the disk where it
will lie (`recordings.receiving`).
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.core.signals import request_started
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from django.utils.module_loading import import_string

from interviewlm.bodies import BODY_FILE, Message, Receive, Scope
from interviewlm.threads import request_thread
from recordings.receiving import PART, begin_body, is_chunk
from recordings.storage import PartFile

# What of MIDDLEWARE the answer to a chunk needs: it is no page, and has no session. Its
# view checks the candidate's cookie and the CSRF token itself.
CHUNK_MIDDLEWARE = (
    "interviewlm.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.locale.LocaleMiddleware",
)
# So many chunks are taken at once, each in one thread from the first statement to the
# last: with more of them the threads would mostly wait for the interpreter.
CHUNK_THREADS = 4


@cache
def _chunk_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CHUNK_THREADS, thread_name_prefix="chunks")


class ChunkHandler(BaseHandler):
    """Django's synchronous handler, for chunks that lie on the store's disk already."""

    def __init__(self) -> None:
        super().__init__()
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        # Django names these handlers to nobody.
        handler = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        for name in reversed(CHUNK_MIDDLEWARE):
            handler = convert_exception_to_response(import_string(name)(handler))
        self._middleware_chain = handler

    def answer(self, scope: Scope, part: PartFile) -> HttpResponseBase:
        """Return the answer, all being done and the file in its place or gone."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=type(self), scope=scope)
        body: Any = part
        response: Any = self.get_response(ASGIRequest(scope, body))
        response._handler_class = type(self)  # noqa: SLF001 -- as Django's handlers do
        response.close()
        part.close()
        return cast("HttpResponseBase", response)


class _Given:
    """A receive whose body has a file: it lies there already, or is to be put there."""

    def __init__(self, receive: Receive, file: IO[bytes] | PartFile) -> None:
        self._receive = receive
        self.file = file

    async def __call__(self) -> Message:
        return await self._receive()


def _begin_file() -> IO[bytes]:
    """Return a file as Django makes one: in memory as long as it is small."""
    most: int = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    return cast("IO[bytes]", SpooledTemporaryFile(max_size=most))


class BodyFileHandler(ASGIHandler):
    """Django's handler, with bodies in files of the server's or the store's own."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks = ChunkHandler()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer a request, with a thread of its own for what is synchronous."""
        file = scope.pop(BODY_FILE, None) or begin_body(scope) or _begin_file()
        given = _Given(receive, file)
        try:
            # Daphne goes by a header, which anybody may send to any address.
            if isinstance(file, PartFile) and is_chunk(scope):
                await self._take_chunk(scope, given, send)
                return
            async with request_thread():
                await self.handle(scope, given, send)
        finally:
            # Django leaves it open where a request is broken off.
            file.close()

    async def _take_chunk(self, scope: Scope, receive: _Given, send: Any) -> None:
        """Have a chunk taken in one piece: its bytes first, then all the rest."""
        try:
            part = await self.read_body(receive)
        except RequestAborted:
            return
        scope[PART] = part
        answer = sync_to_async(
            self._chunks.answer, thread_sensitive=False, executor=_chunk_threads()
        )
        await self.send_response(await answer(scope, part), send)

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002 -- Django's signature
        """Run all middleware in the thread in which the view runs.

        Some of it is synchronous anyway, so that each request holds a thread; Django
        would send it back and forth twice for each of the rest. An asynchronous view
        still runs in the event loop.
        """
        super().load_middleware(is_async=False)
        chain: Any = self._middleware_chain  # type: ignore[has-type]  # Django's, untyped
        self._middleware_chain = sync_to_async(chain, thread_sensitive=True)

    async def read_body(self, receive: Any) -> Any:
        """Return the body's file; into the server's own nothing comes any more."""
        file = receive.file
        is_whole = False
        while not is_whole:
            message = await receive()
            if message["type"] == "http.disconnect":
                file.close()
                raise RequestAborted
            if block := message.get("body"):
                if isinstance(file, PartFile):
                    await file.make_room()
                file.write(block)
            is_whole = not message.get("more_body")
        file.seek(0)
        return file
