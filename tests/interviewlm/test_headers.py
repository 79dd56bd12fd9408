"""What every answer tells the browser."""

import pytest
from django.test import Client

from interviewlm.policies import build_strict
from tests.factories.people import People

STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "media-src": "'self' blob:",
    "worker-src": "'self' blob:",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}


def policy_of(client: Client, path: str) -> dict[str, str]:
    header = client.get(path)["Content-Security-Policy"]
    return dict(part.split(" ", 1) for part in header.split("; "))


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/accounts/signup/", "/nothing/", "/healthz"]
)
def test_own_pages_have_the_strict_policy(db: None, client: Client, path: str) -> None:
    assert policy_of(client, path) == STRICT


def test_unfold_pages_have_theirs(people: People, client: Client) -> None:
    client.force_login(people.owner)
    for path in ("/admin/", "/admin/accounts/membership/"):
        assert policy_of(client, path) == STRICT | {
            "script-src": "'self' 'unsafe-eval'",
            "style-src": "'self' 'unsafe-inline'",
        }


def test_admin_pages_of_ours_have_the_strict_policy(
    people: People, client: Client
) -> None:
    client.force_login(people.owner)
    assert policy_of(client, "/admin/organisation/") == STRICT


@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/", "/nothing/"])
def test_other_headers(people: People, client: Client, path: str) -> None:
    client.force_login(people.owner)
    headers = client.get(path).headers
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    for feature in ("camera", "microphone", "display-capture"):
        assert f"{feature}=(self)" in headers["Permissions-Policy"]


def test_request_id_is_taken_or_made(db: None, client: Client) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": "from-the-proxy-1"})
    assert answer["X-Request-ID"] == "from-the-proxy-1"
    for bad in ("short", "x" * 65, "has space and\ttab"):
        made = client.get("/healthz", headers={"X-Request-ID": bad})["X-Request-ID"]
        assert made != bad
        assert len(made) == 22


def test_players_and_uploads_may_meet_the_bucket_and_nothing_else_does() -> None:
    policy = build_strict(["https://bucket.example"])["DIRECTIVES"]
    plain = build_strict([])["DIRECTIVES"]
    changed = {name for name in policy if policy[name] != plain[name]}
    assert changed == {"media-src", "connect-src"}
    assert policy["media-src"][-1] == "https://bucket.example"
