"""The cluster from its command to green on real servers, and down again."""

from pathlib import Path

import pytest

from tests.ops.boot import all_gone, running
from tools.bootstrap.ports import free_port


@pytest.mark.long
@pytest.mark.servers
def test_cluster_comes_up_on_real_servers_and_leaves_nothing(tmp_path: Path) -> None:
    with running("interviewlm.cluster", tmp_path, free_port()) as cluster:
        text = cluster.wait_until_ready()
        assert "failed" not in cluster.readiness().values()
        assert "To know:" in text
        family = cluster.family()
        assert len(family) >= 10
        assert cluster.stop() == 0
        assert all_gone(family) == []
