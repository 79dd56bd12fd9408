"""The first frame on a connection that came over a network: a token both sides know."""

from dataclasses import dataclass, field

from runner.protocol.fields import Fields, ProtocolError

MIN_TOKEN_CHARS = 32
MAX_TOKEN_CHARS = 512
# What may be read of somebody who has not shown the token yet.
MAX_BYTES = 4 * 1024


@dataclass(frozen=True, slots=True)
class Authentication:
    """Shows that the client may use the runner; nothing answers it when it is right."""

    token: str = field(repr=False)

    def to_json(self) -> dict[str, object]:
        return {"type": "authenticate", "token": self.token}


def parse_authentication(data: object) -> Authentication:
    """The frame, or ProtocolError for any other."""
    fields = Fields(data, where="request")
    if fields.text("type", limit=32) != "authenticate":
        raise ProtocolError("The first frame must authenticate.")
    return Authentication(fields.text("token", limit=MAX_TOKEN_CHARS))
