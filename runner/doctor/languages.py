"""Which languages this machine's sandbox can run, asked of the programs inside."""

import asyncio
import shlex
from collections.abc import Sequence

from runner.doctor.probes import Collector
from runner.errors import RunnerError
from runner.languages.base import Language
from runner.languages.registry import list_languages
from runner.limits import Limits
from runner.protocol import LanguageStatus
from runner.sandbox import Job, Sandbox

_SECONDS = 20.0
_MAX_VERSION_CHARS = 100


async def probe_languages(
    sandbox: Sandbox, languages: Sequence[Language] | None = None
) -> tuple[LanguageStatus, ...]:
    """Every language known, in order; one that does not answer has no version."""
    wanted = list_languages() if languages is None else tuple(languages)
    script = "\n".join(_ask(language) for language in wanted)
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
        )
        for language in wanted
    )


def _ask(language: Language) -> str:
    """Print name and first line of the version, where the command succeeds."""
    command = shlex.join(language.version)
    name = shlex.quote(language.name)
    return (
        f"if found=$({command} 2>/dev/null); then "
        f'printf "%s\\t%s\\n" {name} "$(printf %s "$found" | head -n 1)"; fi'
    )
