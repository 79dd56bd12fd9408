"""What the doctor found."""

from dataclasses import dataclass

from runner.protocol import LanguageStatus
from runner.sandbox import Levels


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `detail` and `mend` speak of the case that it failed."""

    name: str
    is_ok: bool
    detail: str = ""
    mend: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "ok": self.is_ok,
            "detail": "" if self.is_ok else self.detail,
            "mend": "" if self.is_ok else self.mend,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All checks; one that failed closes the sandbox. A missing language does not."""

    checks: tuple[Check, ...]
    levels: Levels
    languages: tuple[LanguageStatus, ...] = ()

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.is_ok)

    @property
    def is_ok(self) -> bool:
        return not self.failed

    @property
    def reason(self) -> str:
        """One sentence for the person who meets it; empty when all is well."""
        if self.is_ok:
            return ""
        first = self.failed[0]
        detail = first.detail or f"the check {first.name} failed"
        return " ".join(filter(None, [f"Running code is off: {detail}.", first.mend]))

    def to_json(self) -> dict[str, object]:
        return {
            "available": self.is_ok,
            "reason": self.reason,
            "levels": self.levels.to_json(),
            "checks": [check.to_json() for check in self.checks],
            "languages": [language.to_json() for language in self.languages],
        }
