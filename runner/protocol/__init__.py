"""The runner's wire protocol: frames as dataclasses, their codec and validation.

`interviews.runner_client` is the one module outside the runner that may import this
package; nothing here imports the rest of the runner.
"""

from runner.protocol.address import Address, parse_address
from runner.protocol.authentication import MIN_TOKEN_CHARS, Authentication
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
    RunReply,
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
from runner.protocol.workspace_replies import (
    EntryKind,
    FileContent,
    WorkspaceAgreed,
    WorkspaceChanged,
    WorkspaceClosed,
    WorkspaceContents,
    WorkspaceEntries,
    WorkspaceEntry,
    WorkspaceOpened,
    WorkspaceReply,
    WorkspaceWritten,
)
from runner.protocol.workspace_requests import (
    FileChange,
    WorkspaceAgree,
    WorkspaceClose,
    WorkspaceKey,
    WorkspaceOpen,
    WorkspaceRead,
    WorkspaceRequest,
    WorkspaceScan,
    WorkspaceWrite,
)

__all__ = [
    "MAX_FRAME_BYTES",
    "MIN_TOKEN_CHARS",
    "Address",
    "Authentication",
    "CollectedFile",
    "EntryKind",
    "Failure",
    "FileChange",
    "FileContent",
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
    "RunReply",
    "RunStart",
    "RunStarted",
    "Status",
    "StatusRequest",
    "WorkspaceAgree",
    "WorkspaceAgreed",
    "WorkspaceChanged",
    "WorkspaceClose",
    "WorkspaceClosed",
    "WorkspaceContents",
    "WorkspaceEntries",
    "WorkspaceEntry",
    "WorkspaceKey",
    "WorkspaceOpen",
    "WorkspaceOpened",
    "WorkspaceRead",
    "WorkspaceReply",
    "WorkspaceRequest",
    "WorkspaceScan",
    "WorkspaceWrite",
    "WorkspaceWritten",
    "encode_frame",
    "parse_address",
    "parse_reply",
    "parse_request",
    "read_frame",
]
