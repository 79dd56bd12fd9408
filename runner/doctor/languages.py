"""Which languages and linters this machine's sandbox can run, asked of the programs inside."""

import asyncio
import re
import shlex
from collections.abc import Mapping, Sequence

from runner.doctor.probes import Collector
from runner.errors import RunnerError
from runner.languages.base import Language
from runner.languages.linting import Linter
from runner.languages.registry import list_languages
from runner.limits import Limits
from runner.protocol import LanguageStatus
from runner.sandbox import Executor, Job

_SECONDS = 20.0
_MAX_VERSION_CHARS = 100
_NUMBER = re.compile(r"\d[\w.+-]*")


async def probe_languages(
    sandbox: Executor, languages: Sequence[Language] | None = None
) -> tuple[LanguageStatus, ...]:
    """Every language known, in order; one that does not answer has no version."""
    wanted = list_languages() if languages is None else tuple(languages)
    linters = {each.linter.name: each.linter for each in wanted if each.linter}
    script = "\n".join(
        [
            *(_ask(each.name, each.version) for each in wanted),
            *(_ask(_key(each), each.version) for each in linters.values()),
        ]
    )
    job = Job(argv=("/bin/sh", "-c", script), limits=Limits(wall_seconds=_SECONDS))
    sink = Collector()
    try:
        await sandbox.run(job, sink, asyncio.Event())
    except RunnerError:
        sink.text = ""
    found = dict(line.split("\t", 1) for line in sink.text.splitlines() if "\t" in line)
    return tuple(
        LanguageStatus(
            name=language.name,
            label=language.label,
            version=found.get(language.name, "").strip()[:_MAX_VERSION_CHARS],
            needs=language.needs,
            linter=_describe(language.linter, found),
        )
        for language in wanted
    )


def _key(linter: Linter) -> str:
    return f"linter {linter.name}"


def _describe(linter: Linter | None, found: Mapping[str, str]) -> str:
    """Name and number of the version; empty where the machine has no such program."""
    number = _NUMBER.search(found.get(_key(linter), "")) if linter else None
    if linter is None or number is None:
        return ""
    return f"{linter.name} {number[0]}"[:_MAX_VERSION_CHARS]


def _ask(key: str, version: Sequence[str]) -> str:
    """Print key and first line of the version, where the command succeeds."""
    command = shlex.join(version)
    return (
        f"if found=$({command} 2>/dev/null); then "
        f'printf "%s\\t%s\\n" {shlex.quote(key)} "$(printf %s "$found" | head -n 1)"; fi'
    )
