"""Facts about this machine that the sandbox is built on."""

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tools:
    """Absolute paths of the programs that build a sandbox."""

    bwrap: Path = Path("/usr/bin/bwrap")
    sh: Path = Path("/bin/sh")
    setpriv: Path = Path("/usr/bin/setpriv")
    prlimit: Path = Path("/usr/bin/prlimit")
    bash: Path = Path("/usr/bin/bash")
    tar: Path = Path("/usr/bin/tar")
    python: Path = Path("/usr/bin/python3")
    setsid: Path = Path("/usr/bin/setsid")
    env: Path = Path("/usr/bin/env")

    def missing(self) -> list[str]:
        paths = (self.sh, self.prlimit, self.bash, self.tar, self.python)
        needed = (*paths, self.setpriv) if os.geteuid() == 0 else paths
        return [str(path) for path in needed if not path.exists()]


@dataclass(frozen=True, slots=True)
class Host:
    """The machine as the sandbox sees it; tests give other tools."""

    tools: Tools = field(default_factory=Tools)
    machine: str = field(default_factory=platform.machine)
    is_root: bool = field(default_factory=lambda: os.geteuid() == 0)
