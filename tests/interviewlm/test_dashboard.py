"""The dashboard that is shipped asks for what /metrics has."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from interviewlm.asgi import application
from interviewlm.metrics import render_metrics

_NAME = re.compile(r"interviewlm_\w+")
_ENDINGS = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("_count", "_sum"),
}


@pytest.mark.django_db
def test_dashboard_asks_for_metrics_that_there_are() -> None:
    # What the web process exports, all of it is imported by its application.
    assert application is not None
    path = Path(settings.BASE_DIR) / "docs" / "ops" / "grafana-dashboard.json"
    panels = json.loads(path.read_text())["panels"]
    asked = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in _NAME.findall(target["expr"])
    }
    families = text_string_to_metric_families(render_metrics().decode())
    known = {
        f"{family.name}{ending}"
        for family in families
        for ending in _ENDINGS.get(family.type, ("",))
    }
    assert asked - known == set()
