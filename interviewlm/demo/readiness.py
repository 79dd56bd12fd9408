"""What the running demo says of itself, read from /readyz."""

import http.client
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from pydantic import BaseModel, ValidationError

from tools.bootstrap.ports import LOOPBACK


class Check(BaseModel):
    """One line of /readyz."""

    name: str
    status: str
    message: str = ""
    mend: str = ""


class Report(BaseModel):
    """The body of /readyz."""

    status: str
    checks: list[Check] = []

    def with_status(self, status: str) -> list[Check]:
        """Return the checks that are in this state."""
        return [check for check in self.checks if check.status == status]


@dataclass(slots=True)
class Readiness:
    """Asks /readyz and keeps the last answer."""

    url: str
    report: Report | None = field(default=None)

    def is_green(self) -> bool:
        """Return whether it answers 200."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=10) as answer:  # noqa: S310 -- our own loopback address
                self._keep(answer.read())
                return True
        except urllib.error.HTTPError as error:
            self._keep(error.read())
        except (OSError, http.client.HTTPException):
            self.report = None
        return False

    def _keep(self, body: bytes) -> None:
        try:
            self.report = Report.model_validate_json(body)
        except ValidationError:
            self.report = None


def accepts(port: int) -> bool:
    """Return whether something listens on a port of this machine."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
