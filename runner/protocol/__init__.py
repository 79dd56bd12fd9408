"""The runner's wire protocol: frames as dataclasses, their codec and validation.

`interviews.runner_client` is the one module outside the runner that may import this
package; nothing here imports the rest of the runner.
"""

from runner.protocol.fields import ProtocolError
from runner.protocol.replies import (
    CollectedFile,
    Failure,
    LanguageStatus,
    Package,
    Reply,
    RunFinished,
    RunOutput,
    RunQueued,
    RunStarted,
    Status,
    parse_reply,
)
from runner.protocol.requests import (
    InputFile,
    LimitRequest,
    Request,
    RunCancel,
    RunStart,
    StatusRequest,
    parse_request,
)
from runner.protocol.wire import MAX_FRAME_BYTES, encode_frame, read_frame

__all__ = [
    "MAX_FRAME_BYTES",
    "CollectedFile",
    "Failure",
    "InputFile",
    "LanguageStatus",
    "LimitRequest",
    "Package",
    "ProtocolError",
    "Reply",
    "Request",
    "RunCancel",
    "RunFinished",
    "RunOutput",
    "RunQueued",
    "RunStart",
    "RunStarted",
    "Status",
    "StatusRequest",
    "encode_frame",
    "parse_reply",
    "parse_request",
    "read_frame",
]
