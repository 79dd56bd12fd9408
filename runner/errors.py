"""What can go wrong in the runner, each with a stable code and a safe sentence."""


class RunnerError(Exception):
    """Base of the runner's errors; `message` may be shown to a user."""

    code = "runner_failed"
    retryable = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SandboxUnavailableError(RunnerError):
    """No sandbox passed the doctor, so nothing may be executed."""

    code = "sandbox_unavailable"
    retryable = True


class RunnerBusyError(RunnerError):
    """The queue is full, the id is taken or the runner is stopping."""

    code = "busy"
    retryable = True


class SandboxFailedError(RunnerError):
    """The sandbox broke before or while the program ran; never a verdict."""

    code = "sandbox_failed"
    retryable = True


class StaleEpochError(RunnerError):
    """Somebody with a newer claim has taken the workspace over."""

    code = "stale_epoch"


class WorkspaceClosedError(RunnerError):
    """The workspace is not open, or not any more: open it again."""

    code = "workspace_closed"
    retryable = True


class TerminalLimitError(RunnerError):
    """The workspace has as many terminals as it may."""

    code = "terminal_limit"


class NoTerminalError(RunnerError):
    """There is no terminal of this name, and only a driver starts one."""

    code = "no_terminal"


class TerminalsOffError(RunnerError):
    """No sandbox passed the doctor, so no shell may be started."""

    code = "terminals_off"
    retryable = True


class WorkspaceFullError(RunnerError):
    """A change did not fit on the workspace's disk; others may have been made."""

    code = "workspace_full"
