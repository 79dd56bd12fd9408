"""Searching lines by a pattern, as a program of its own: it can be ended at any time.

Reads JSON from its input: `pattern`, `is_regex`, `most`, and `files`, pairs of path
and text. Prints JSON: `found`, lists of path, line number and line, or `error`. It is
run by itself, without our packages: a pattern can take for ever, and nothing else in a
process can stop it.
"""

import json
import re
import resource
import sys

CPU_SECONDS = 2
MEMORY_BYTES = 512 * 1024 * 1024
LINE_CHARS = 300


def main() -> None:
    """Answer the one request."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    asked = json.load(sys.stdin)
    pattern = asked["pattern"] if asked["is_regex"] else re.escape(asked["pattern"])
    try:
        wanted = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        json.dump({"error": str(error)}, sys.stdout)
        return
    found: list[tuple[str, int, str]] = []
    for path, text in asked["files"]:
        for number, line in enumerate(text.split("\n"), start=1):
            if wanted.search(line):
                found.append((path, number, line[:LINE_CHARS]))
                if len(found) > asked["most"]:
                    json.dump({"found": found}, sys.stdout)
                    return
    json.dump({"found": found}, sys.stdout)


if __name__ == "__main__":
    main()
