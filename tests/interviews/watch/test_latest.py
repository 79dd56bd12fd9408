"""Of what only the last value counts, a slow watcher gets only the last."""

from interviews.consumers.outbound import MAX_WAITING
from tests.interviews.workspace.test_outbound import Socket


def cursor(name: str, at: int) -> dict[str, object]:
    return {"type": "presence.cursor", "id": name, "at": at}


async def test_waiting_cursor_is_replaced_in_its_place() -> None:
    socket = Socket()
    socket.queue.post_latest("a", cursor("a", 1))
    socket.queue.post({"type": "x"})
    socket.queue.post_latest("b", cursor("b", 1))
    for at in range(2, 1000):
        socket.queue.post_latest("a", cursor("a", at))
    socket.queue.start()
    await socket.queue.flush()

    assert socket.frames == [cursor("a", 999), {"type": "x"}, cursor("b", 1)]

    # What was sent is not changed any more.
    socket.queue.post_latest("a", cursor("a", 1000))
    await socket.queue.flush()
    await socket.queue.stop()
    assert socket.frames[-1] == cursor("a", 1000)
    assert len(socket.frames) == 4


async def test_cursors_never_make_a_socket_too_far_behind() -> None:
    socket = Socket()
    for number in range(MAX_WAITING):
        socket.queue.post({"type": "x", "n": number})
    socket.queue.post_latest("a", cursor("a", 1))
    socket.queue.start()
    await socket.queue.flush()
    await socket.queue.stop()

    assert not socket.is_given_up
    assert len(socket.frames) == MAX_WAITING
