"""An interview under way, and runners for its terminals."""

from tests.interviews.workspace.conftest import (
    _clean_sockets,
    fake_runner,
    folder,
    interview,
    own_runner,
    real_runner,
    runner_process,
)

__all__ = [
    "_clean_sockets",
    "fake_runner",
    "folder",
    "interview",
    "own_runner",
    "real_runner",
    "runner_process",
]
