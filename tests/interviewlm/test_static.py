"""Static files are hashed, and modules import each other by the hashed name."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings as project
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from pytest_django import Settings

IMPORT = re.compile(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""")
HASHED = re.compile(r"\.[0-9a-f]{12}\.(?:js|mjs)$")


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = [
        "django.contrib.staticfiles.finders.FileSystemFinder"
    ]
    settings.STORAGES = project.STORAGES | {
        "staticfiles": {"BACKEND": "interviewlm.staticfiles.ModuleManifestStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_modules_and_pages_use_hashed_names(collected: Path) -> None:
    paths = json.loads((collected / "staticfiles.json").read_text())["paths"]
    modules = [name for name in paths if re.match(r"js/.*\.m?js$", name)]
    assert "js/pages/plain.js" in modules
    imports = [
        (name, target, (collected / paths[name]).parent / target)
        for name in modules
        for target in IMPORT.findall((collected / paths[name]).read_text())
    ]
    assert imports
    plain = [(name, target) for name, target, _ in imports if not HASHED.search(target)]
    assert plain == []
    missing = [(name, target) for name, target, file in imports if not file.exists()]
    assert missing == []
    url = staticfiles_storage.url("js/pages/plain.js")
    assert re.fullmatch(r"/static/js/pages/plain\.[0-9a-f]{12}\.js", url)
