"""Writing mail: one template gives subject, text and HTML; the outbox sends it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string

from accounts.models import Organisation, Outbox
from accounts.tasks import send_outbox
from base.text import shorten

_LINK = re.compile(r"https?://\S+")
_SUBJECT = "Subject:"


@dataclass(frozen=True)
class Paragraph:
    """Some lines; with `url` it is an action and `text` names it."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Mail:
    """A rendered mail."""

    subject: str
    text: str
    html: str


def queue_mail(
    organisation: Organisation | None,
    to: str,
    template: str,
    context: Mapping[str, Any],
) -> Outbox:
    """Put a mail made from `templates/mail/<template>.txt` into the outbox.

    The row is part of the caller's transaction; the worker is woken after commit.
    A mail with `organisation` can be read in its admin; without one nobody can read
    it, and its text is forgotten once sent: for links that open an account.
    """
    mail = render_mail(template, {"organisation": organisation, **context})
    return queue_message(
        organisation, to=to, subject=mail.subject, text=mail.text, html=mail.html
    )


def queue_message(
    organisation: Organisation | None, *, to: str, subject: str, text: str, html: str
) -> Outbox:
    """Put a finished message into the outbox; see `queue_mail`."""
    row = Outbox.objects.create(
        organisation=organisation,
        to=to,
        subject=shorten(" ".join(subject.split()), 200),
        text=text,
        html=html,
    )
    transaction.on_commit(wake_worker, robust=True)
    return row


def wake_worker() -> None:
    """Have a worker look at the outbox now; without one the sweep will."""
    send_outbox.apply_async(retry=False)


def render_mail(template: str, context: Mapping[str, Any]) -> Mail:
    """Render one template to subject, text and HTML.

    The template's first line is the subject. A paragraph whose second line is a
    link is an action: its first line names it.
    """
    given = {"public_url": settings.PUBLIC_URL, **context}
    source = render_to_string(f"mail/{template}.txt", given)
    head, _, body = source.strip().partition("\n")
    subject = head.removeprefix(_SUBJECT).strip()
    blocks = [block.strip() for block in re.split(r"\n\s*\n", body) if block.strip()]
    html = render_to_string(
        "mail/base.html",
        {
            **given,
            "subject": subject,
            "paragraphs": [_read_paragraph(block) for block in blocks],
        },
    )
    return Mail(subject=subject, text="\n\n".join(blocks) + "\n", html=html)


def _read_paragraph(block: str) -> Paragraph:
    first, _, second = block.partition("\n")
    if _LINK.fullmatch(second.strip()):
        return Paragraph(first.strip().rstrip(":"), second.strip())
    return Paragraph(block)
