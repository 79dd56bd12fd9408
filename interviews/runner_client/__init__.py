"""Speaks to the runners over their sockets; the only package here that knows its protocol.

It imports the frame codecs of `runner.protocol`, and nothing else of the runner: the
two are separate processes that share a wire format.
"""

from interviews.runner_client.client import RunnerClient
from interviews.runner_client.errors import RunnerUnavailable
from interviews.runner_client.fleet import (
    choose_client,
    choose_runner,
    list_runners,
    run_to_end,
)
from interviews.runner_client.sessions import WorkspaceSession
from interviews.runner_client.specs import (
    FileWrite,
    RunFrame,
    RunResult,
    RunSpec,
    WorkspaceRef,
    source_file,
)
from interviews.runner_client.terminals import (
    Block,
    Driving,
    Ended,
    Output,
    Resized,
    TerminalFrame,
    TerminalSession,
)
from runner.protocol import (
    CollectedFile,
    InputFile,
    LanguageStatus,
    LimitRequest,
    Package,
    RunFinished,
    RunOutput,
    RunQueued,
    RunStarted,
    Status,
    WorkspaceChanged,
    WorkspaceEntry,
)

__all__ = [
    "Block",
    "CollectedFile",
    "Driving",
    "Ended",
    "FileWrite",
    "InputFile",
    "LanguageStatus",
    "LimitRequest",
    "Output",
    "Package",
    "Resized",
    "RunFinished",
    "RunFrame",
    "RunOutput",
    "RunQueued",
    "RunResult",
    "RunSpec",
    "RunStarted",
    "RunnerClient",
    "RunnerUnavailable",
    "Status",
    "TerminalFrame",
    "TerminalSession",
    "WorkspaceChanged",
    "WorkspaceEntry",
    "WorkspaceRef",
    "WorkspaceSession",
    "choose_client",
    "choose_runner",
    "list_runners",
    "run_to_end",
    "source_file",
]
