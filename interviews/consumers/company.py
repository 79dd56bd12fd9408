"""The other windows of an interview, as one window has heard of them; never stored."""

from dataclasses import asdict, dataclass
from time import monotonic
from typing import Any

from interviews.protocol import Frame

# Windows say that they are here with every tick (15 s); two may be lost.
GONE_AFTER_SECONDS = 40.0

_VERSIONED = {"document.updates", "document.acknowledged", "document.missed"}


@dataclass(frozen=True)
class Peer:
    """Another window. `person` is the same in all windows of one member, and empty
    in the candidate's."""

    id: str
    person: str = ""
    name: str = ""
    may_type: bool = False

    def as_json(self) -> Frame:
        """Return the form of the layer's messages and of the frames."""
        return asdict(self)


class Company:
    """Who else is here. Whoever goes says so, or falls silent."""

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self._heard: dict[str, float] = {}

    def hear(self, told: dict[str, Any]) -> None:
        """Take what a window says of itself."""
        peer = Peer(**told)
        self._peers[peer.id] = peer
        self._heard[peer.id] = monotonic()

    def forget(self, peer_id: str) -> None:
        """Take a window out that is gone."""
        self._peers.pop(peer_id, None)
        self._heard.pop(peer_id, None)

    def drop_silent(self) -> None:
        """Take out whose process must have died."""
        since = monotonic() - GONE_AFTER_SECONDS
        for peer_id in [each for each, at in self._heard.items() if at < since]:
            self.forget(peer_id)

    @property
    def is_empty(self) -> bool:
        """Whether this window is alone."""
        return not self._peers

    @property
    def has_candidate(self) -> bool:
        """Whether a window of the candidate is here."""
        return any(not peer.person for peer in self._peers.values())

    def watchers(self, *, apart_from: str) -> list[Frame]:
        """Return the members' windows, but for one member's own."""
        found = [
            peer
            for peer in self._peers.values()
            if peer.person and peer.person != apart_from
        ]
        return [
            peer.as_json()
            for peer in sorted(found, key=lambda peer: (peer.name, peer.id))
        ]


class Told:
    """The documents' versions as a window was told them, to notice what got lost.

    A channel layer may drop messages for a reader that is behind.
    """

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}
        self._was_behind = False

    def note(self, frame: Any) -> None:
        """Take what a frame says of the documents."""
        if "documents" in frame:
            self._versions = {
                entry["path"]: entry["version"] for entry in frame["documents"]
            }
        elif frame["type"] == "file.changed":
            for path in [frame["path"], *frame["removed"]]:
                self._versions.pop(path, None)
            if frame["document"] is not None:
                self._versions[frame["path"]] = frame["document"]["version"]
        elif frame["type"] in _VERSIONED:
            version = frame["version"] + len(frame.get("updates", ()))
            path = frame["path"]
            self._versions[path] = max(version, self._versions.get(path, 0))

    def is_behind(self, stored: dict[str, int]) -> bool:
        """Say whether something is missing that was missing the last time, too.

        What is on its way right now is not lost.
        """
        is_missing = any(
            self._versions.get(path, -1) < version for path, version in stored.items()
        ) or bool(self._versions.keys() - stored.keys())
        is_behind = is_missing and self._was_behind
        self._was_behind = is_missing and not is_behind
        return is_behind
