"""`python -m runner.toolchain build --target DIR`."""

import argparse
import logging
import sys
from pathlib import Path

from runner.toolchain.build import BuildError, build


def main() -> int:
    """Exit code 0 when the toolchain is there, 1 with a sentence when it is not."""
    parser = argparse.ArgumentParser(prog="python -m runner.toolchain")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("build", help="build or complete the toolchain")
    command.add_argument("--target", type=Path, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        build(options.target)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
