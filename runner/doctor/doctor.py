"""The gate: examines machine and sandbox, and hands out the sandbox only if sound."""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path

from runner.bwrap.backend import BwrapSandbox
from runner.bwrap.cgroups import Hierarchies
from runner.bwrap.host import Host
from runner.bwrap.warm import NOTHING_WARM, WarmLimits, WarmSandbox
from runner.doctor.languages import probe_languages
from runner.doctor.machine import check_machine
from runner.doctor.probes import Prober
from runner.doctor.report import Check, Report
from runner.protocol import LanguageStatus
from runner.sandbox import DisabledSandbox, Sandbox
from runner.toolchain.packages import find_toolchain

logger = logging.getLogger(__name__)

EXAMINE_EVERY_SECONDS = 600.0
# Many who ask for the status at once share one look.
_FRESH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What the runner was started with."""

    state_dir: Path
    toolchain: Path | None
    require_hard_limits: bool
    warm: WarmLimits = NOTHING_WARM


class Doctor:
    """Owns the one sandbox. Until an examination has passed, `sandbox` is disabled."""

    def __init__(
        self, settings: Settings, host: Host, hierarchies: Hierarchies
    ) -> None:
        self._settings = settings
        self._host = host
        self._hierarchies = hierarchies
        self._bwrap = BwrapSandbox(
            host, hierarchies, settings.state_dir / "runs", toolchain=None
        )
        # Probes get a sandbox of their own each time: one that waits already would
        # hide what has broken since it was made.
        self._warm = WarmSandbox(self._bwrap, settings.warm)
        self._lock = asyncio.Lock()
        self._look_again_at = 0.0
        check = Check(
            "examined", is_ok=False, detail="the sandbox has not been examined yet"
        )
        self.report = Report((check,), hierarchies.levels)

    @property
    def sandbox(self) -> Sandbox:
        return self._warm if self.report.is_ok else DisabledSandbox(self.report.reason)

    @property
    def toolchain(self) -> Path | None:
        return self._bwrap.toolchain

    async def examine(self) -> Report:
        """Everything: machine, isolation, limits and killing."""
        async with self._lock:
            return await self._examine()

    async def look(self) -> Report:
        """The isolation probe alone while all is well, else a full examination.

        Looks less than two seconds apart share one.
        """
        async with self._lock:
            clock = asyncio.get_running_loop()
            if clock.time() >= self._look_again_at:
                await (self._probe() if self.report.is_ok else self._examine())
                self._look_again_at = clock.time() + _FRESH_SECONDS
            return self.report

    async def _examine(self) -> Report:
        toolchain = await asyncio.to_thread(find_toolchain, self._settings.toolchain)
        if toolchain != self._bwrap.toolchain:
            await self._warm.empty()
        self._bwrap.toolchain = toolchain
        checks = await _carry_out(self._full_checks())
        is_ok = all(check.is_ok for check in checks)
        languages = await probe_languages(self._bwrap) if is_ok else ()
        return await self._settle(checks, languages)

    async def _probe(self) -> Report:
        checks = await _carry_out(self._prober().probe_isolation())
        failed = [check for check in checks if not check.is_ok]
        return await self._settle(failed) if failed else self.report

    async def keep_examining(self) -> None:
        while True:
            await asyncio.sleep(EXAMINE_EVERY_SECONDS)
            await self.examine()

    async def close(self) -> None:
        await self._warm.close()

    def _prober(self) -> Prober:
        return Prober(self._bwrap, self._host.tools, self._settings.state_dir)

    async def _full_checks(self) -> list[Check]:
        checks = await check_machine(
            self._host,
            self._hierarchies,
            self._settings.state_dir,
            require_hard_limits=self._settings.require_hard_limits,
        )
        if not all(check.is_ok for check in checks):
            return checks
        prober = self._prober()
        checks += await prober.probe_isolation()
        if all(check.is_ok for check in checks):
            checks += [*await prober.probe_limits(), await prober.probe_kill()]
        return checks

    async def _settle(
        self, checks: list[Check], languages: tuple[LanguageStatus, ...] = ()
    ) -> Report:
        report = Report(tuple(checks), self._hierarchies.levels, languages)
        if report.reason != self.report.reason:
            logger.info("sandbox available: %s %s", report.is_ok, report.reason)
        self.report = report
        if report.is_ok:
            self._warm.open()
        else:
            await self._warm.empty()
        return report


async def _carry_out(examination: Awaitable[list[Check]]) -> list[Check]:
    """A machine on which not even the examination works is not sound."""
    try:
        return await examination
    except OSError:
        logger.exception("the sandbox could not be examined")
        detail = "the sandbox could not be examined"
        mend = "See the runner's log."
        return [Check("examination", is_ok=False, detail=detail, mend=mend)]
