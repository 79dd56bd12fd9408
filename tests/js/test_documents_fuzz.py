"""The rounds of documents_fuzz.test.js that take too long for every run."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.bootstrap.frontend import find_node

FUZZ = Path(__file__).parent / "documents_fuzz.test.js"
ROUNDS = 250


@pytest.mark.long
@pytest.mark.parametrize("first", [1_000, 2_000, 3_000, 4_000])
def test_many_random_rounds_come_out_the_same_everywhere(first: int) -> None:
    node = find_node()
    if node is None:
        pytest.skip("Node is missing")
    done = subprocess.run(
        [node.program, "--test", str(FUZZ)],
        env=os.environ | {"DOCUMENTS_FUZZ": f"{first}:{ROUNDS}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:]
