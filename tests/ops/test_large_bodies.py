"""Bodies beyond the limit, on both servers: refused before they have arrived."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from interviewlm.bodies import largest_body
from tests.ops.test_web import SERVERS, serving

BLOCK = b"x" * 65_536
ANSWERS_WITHIN = 30.0


@pytest.fixture(params=SERVERS)
def connection(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[socket.socket]:
    """A connection to a server that answers with the size of what it was sent."""
    with (
        serving(request.param, tmp_path) as (_child, port),
        socket.create_connection(("127.0.0.1", port), ANSWERS_WITHIN) as connected,
    ):
        yield connected


def begin(connection: socket.socket, *headers: str) -> None:
    lines = ["PUT / HTTP/1.1", "Host: localhost", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode())


def send_chunk(connection: socket.socket, data: bytes) -> None:
    connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))


def read_answer(connection: socket.socket) -> tuple[int, str]:
    """Return status and body, as soon as both are here."""
    data = b""
    while not data.partition(b"\r\n\r\n")[2].strip():
        data += connection.recv(4096)
    head, _gap, body = data.partition(b"\r\n\r\n")
    # One block, where a server sends it in blocks.
    text = body.decode().strip().split("\r\n")
    return int(head.split()[1]), text[1] if len(text) > 1 else text[0]


def test_body_that_says_it_is_too_large_is_refused_unsent(
    connection: socket.socket,
) -> None:
    begin(connection, f"Content-Length: {largest_body() + 1}", "Expect: 100-continue")

    assert read_answer(connection) == (413, "Too large.")


def test_body_that_never_ends_is_refused_at_the_limit(
    connection: socket.socket,
) -> None:
    begin(connection, "Transfer-Encoding: chunked")
    sent = 0
    while sent <= largest_body():
        send_chunk(connection, BLOCK)
        sent += len(BLOCK)

    assert read_answer(connection) == (413, "Too large.")
    # What is still under way is dropped: the sender is not cut off before it reads.
    send_chunk(connection, BLOCK)


def test_body_in_blocks_within_the_limit_arrives(connection: socket.socket) -> None:
    begin(connection, "Transfer-Encoding: chunked")
    for _ in range(4):
        send_chunk(connection, BLOCK)
    connection.sendall(b"0\r\n\r\n")

    assert read_answer(connection) == (200, str(4 * len(BLOCK)))


def test_body_of_a_known_length_arrives_with_what_follows_it(
    connection: socket.socket,
) -> None:
    blocks = 40
    begin(connection, f"Content-Length: {blocks * len(BLOCK)}", "Connection: close")
    for _ in range(blocks - 1):
        connection.sendall(BLOCK)
    connection.sendall(BLOCK[:-1])
    connection.sendall(BLOCK[-1:] + b"GET / HTTP/1.1\r\n")

    assert read_answer(connection) == (200, str(blocks * len(BLOCK)))
