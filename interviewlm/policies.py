"""Policies for pages and for the assistant, and the admin's look; for settings.py."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

_DIRECTIVES: dict[str, Any] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF, NONCE],
    "img-src": [SELF, "data:", "blob:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "media-src": [SELF, "blob:"],
    "worker-src": [SELF, "blob:"],
    "manifest-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
    "object-src": [NONE],
}

# What the assistant may use, beside what settings.py says: calls to a model, tokens in
# and out (read from the cache or not) and US dollars; an assessment may lower them.
ASSISTANT_LIMITS: dict[str, Any] = {
    "conversations": 20,
    "steps_hints": 4,
    "steps_pair": 8,
    "steps_agent": 20,
    # What the model may write for one question in all of its steps; in each of them,
    # output_tokens.
    "chain_tokens_hints": 4_096,
    "chain_tokens_pair": 12_288,
    "chain_tokens_agent": 32_768,
    "model_hints": 3,
    "minute_requests": 40,
    "minute_tokens": 2_000_000,
    "minute_cost_usd": Decimal("3.00"),
    "turn_requests": 24,
    "turn_tokens": 2_000_000,
    "turn_cost_usd": Decimal("3.00"),
    "interview_requests": 1_000,
    "interview_tokens": 30_000_000,
    "interview_cost_usd": Decimal("30.00"),
}

# What recordings may take: bytes of one chunk and of an interview in all; how long an
# announced chunk is waited for, in seconds.
RECORDING_LIMITS: dict[str, Any] = {
    "chunk_bytes": 16 * 1024 * 1024,
    "recording_bytes": 8 * 1024**3,
    "ticket_seconds": 15 * 60,
}


def build_strict(bucket_origins: Sequence[str]) -> dict[str, Any]:
    """Return the policy of every page but unfold's; players and uploads may meet the bucket."""
    reached = {
        name: [*_DIRECTIVES[name], *bucket_origins]
        for name in ("media-src", "connect-src")
    }
    return {"DIRECTIVES": {**_DIRECTIVES, **reached}}


# unfold's own pages only: its Alpine build evaluates expressions and its templates
# carry style attributes. Candidate text appears there escaped, never as markup.
UNFOLD_PAGES: dict[str, Any] = {
    **_DIRECTIVES,
    "script-src": [SELF, UNSAFE_EVAL, NONCE],
    "style-src": [SELF, UNSAFE_INLINE],
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "InterviewLM",
    "SITE_HEADER": "InterviewLM",
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("img/mark.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("img/mark.svg"),
        }
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        "primary": {
            "50": "240 253 250",
            "100": "204 242 235",
            "200": "153 226 215",
            "300": "94 200 188",
            "400": "45 168 157",
            "500": "17 138 130",
            "600": "11 114 108",
            "700": "12 92 88",
            "800": "14 73 71",
            "900": "16 61 60",
            "950": "3 37 37",
        }
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "interviewlm.navigation.build_navigation",
    },
    "ACCOUNT": {
        "navigation": [
            {
                "title": _("Change password"),
                "link": reverse_lazy("account_change_password"),
            },
            {"title": _("E-mail addresses"), "link": reverse_lazy("account_email")},
        ]
    },
}
