"""Settings come from the environment, and production is safe without asking."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "accounts",
    "assistant",
    "base",
    "billing",
    "interviewlm",
    "interviews",
    "recordings",
    "runner",
)
READ = re.compile(
    r"""(?:env_\w+|os\.environ\.get|os\.getenv)\(\s*"([A-Z][A-Z0-9_]+)"|os\.environ\["([A-Z][A-Z0-9_]+)"\]"""
)
LISTED = re.compile(r"^#?\s?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
# Set by Python's and Django's own machinery, not by whoever runs the product.
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "PATH", "HOME"}
PRODUCTION = {
    "INTERVIEWLM_ENV": "production",
    "SECRET_KEY": "w7Vh2rQ9pXzL4mKc8TjN5bFy6GdR3sAe1UoWiHxJvBqYnZtPk0",
    "PUBLIC_URL": "https://hire.example",
    "DJANGO_SETTINGS_MODULE": "interviewlm.settings",
}


def run(code: str, tmp_path: Path, **environment: str) -> str:
    """Run `code` in a fresh process that knows nothing of the tests' settings."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "LANG", "COVERAGE_PROCESS_START"}
    }
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=clean | {"VAR_DIR": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return finished.stdout + finished.stderr


def names_read() -> set[str]:
    found = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if "sample/problems" not in path.as_posix():
                for pair in READ.findall(path.read_text(encoding="utf-8")):
                    found |= {name for name in pair if name}
    return found - NOT_OURS


def test_example_lists_every_variable() -> None:
    listed = set(LISTED.findall((ROOT / ".env.example").read_text(encoding="utf-8")))
    settings = "".join(
        (ROOT / f"interviewlm/{name}.py").read_text(encoding="utf-8")
        for name in ("settings", "media_settings")
    )
    in_settings = set(re.findall(r'env_\w+\(\s*"([A-Z0-9_]+)"', settings))
    assert in_settings - listed == set(), "missing in .env.example"
    assert listed - names_read() == set(), "listed but read by nothing"


@pytest.mark.parametrize("missing", ["SECRET_KEY", "PUBLIC_URL"])
def test_nothing_insecure_by_default(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in PRODUCTION.items() if name != missing}
    said = run("import django; django.setup()", tmp_path, **given)
    assert f"Set {missing} (see .env.example)." in said


def test_secret_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(PRODUCTION["SECRET_KEY"] + "\n")
    given = {n: v for n, v in PRODUCTION.items() if n != "SECRET_KEY"}
    said = run(
        "from interviewlm import settings; print(len(settings.SECRET_KEY))",
        tmp_path,
        **given,
        SECRET_KEY_FILE=str(secret),
    )
    assert said.strip() == str(len(PRODUCTION["SECRET_KEY"]))


def test_production_is_closed(tmp_path: Path) -> None:
    code = """
import json
from interviewlm import settings as s
print(json.dumps({name: getattr(s, name) for name in (
    "DEBUG", "SIGNUP_OPEN", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS", "ASSISTANT_PROVIDER", "SANDBOX_REQUIRE_HARD_LIMITS")}))
"""
    assert json.loads(run(code, tmp_path, **PRODUCTION, DEBUG="yes")) == {
        "DEBUG": False,
        "SIGNUP_OPEN": False,
        "ALLOWED_HOSTS": ["hire.example"],
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "ASSISTANT_PROVIDER": "anthropic",
        "SANDBOX_REQUIRE_HARD_LIMITS": True,
    }


def test_production_headers_and_site(tmp_path: Path) -> None:
    code = """
import django, json
django.setup()
from django.contrib import admin
from django.test import Client
client = Client(SERVER_NAME="hire.example")
plain = client.get("/accounts/login/")
safe = client.get("/healthz", secure=True)
print(json.dumps({
    "plain": [plain.status_code, plain["Location"]],
    "healthz over http": client.get("/healthz").status_code,
    "hsts": safe["Strict-Transport-Security"],
    "csp": "'unsafe" in safe["Content-Security-Policy"],
    "coop": safe["Cross-Origin-Opener-Policy"],
    "camera": "camera=(self)" in safe["Permissions-Policy"],
    "site": type(admin.site.get_model_admin(
        django.apps.apps.get_model("accounts.User")).admin_site).__name__,
}))
"""
    said = run(code, tmp_path, **PRODUCTION)
    assert json.loads(said.splitlines()[0]) == {
        "plain": [301, "https://hire.example/accounts/login/"],
        "healthz over http": 200,
        "hsts": "max-age=31536000; includeSubDomains; preload",
        "csp": False,
        "coop": "same-origin",
        "camera": True,
        "site": "InterviewlmAdminSite",
    }


def test_deploy_check_has_no_warning(tmp_path: Path) -> None:
    code = """
import django
django.setup()
from django.core.management import call_command
call_command("check", deploy=True, fail_level="WARNING")
"""
    assert "no issues" in run(code, tmp_path, **PRODUCTION)
