"""What goes wrong between us and the runner."""

from django.utils.translation import gettext_lazy as _

from interviews.errors import RunningUnavailableError


class RunnerUnavailable(RunningUnavailableError):  # noqa: N818 - named for the fact
    """The runner cannot be reached or refuses; `code` says which.

    `runner_unreachable`, `runner_lost` and `too_large` are ours; the others are the
    runner's, among them `busy`, `sandbox_unavailable`, and of workspaces `stale_epoch`
    (somebody newer has it), `workspace_closed` (open it again), `workspace_full`.
    """

    def __init__(
        self, code: str, message: object, *, is_retryable: bool = True
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = is_retryable


def runner_lost() -> RunnerUnavailable:
    """The connection broke, or what came over it made no sense."""
    return RunnerUnavailable(
        "runner_lost", _("The connection to the runner was lost. Run it again.")
    )
