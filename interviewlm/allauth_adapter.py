"""How allauth behaves here: closed sign-up, mail through the outbox."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.http import HttpRequest
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from accounts.services.mail import queue_mail, queue_message

if TYPE_CHECKING:

    class _Adapter:
        """What the untyped base is to the type checker."""

        def render_mail(
            self, template_prefix: str, email: str, context: dict[str, Any]
        ) -> EmailMessage:
            """Render one of allauth's own templates."""
            raise NotImplementedError

        def get_reset_password_from_key_url(self, key: str) -> str:
            """Return the link of the reset mail."""
            raise NotImplementedError

        def get_email_confirmation_url(
            self, request: HttpRequest, emailconfirmation: Any
        ) -> str:
            """Return the link of the confirmation mail."""
            raise NotImplementedError
else:
    from allauth.account.adapter import DefaultAccountAdapter as _Adapter


class AccountAdapter(_Adapter):
    """Accounts are made by an operator or an owner unless SIGNUP_OPEN says otherwise."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Ask the setting."""
        return bool(settings.SIGNUP_OPEN)

    def format_email_subject(self, subject: str) -> str:
        """Leave the subject as it is."""
        return str(subject)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link at our public address, whatever host was asked."""
        return _at_public_url(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(
        self, request: HttpRequest, emailconfirmation: Any
    ) -> str:
        """Return the link at our public address, whatever host was asked."""
        return _at_public_url(
            super().get_email_confirmation_url(request, emailconfirmation)
        )

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        """Put the mail into the outbox, so that a mail server's rest loses none.

        Our own wording where `templates/mail/account_<name>.txt` exists.
        """
        context = {"email": email, **context}
        name = f"account_{template_prefix.rsplit('/', 1)[-1]}"
        try:
            get_template(f"mail/{name}.txt")
        except TemplateDoesNotExist:
            self._send_with_their_words(template_prefix, email, context)
        else:
            queue_mail(None, email, name, context)

    def _send_with_their_words(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        site = {"name": "InterviewLM", "domain": urlsplit(settings.PUBLIC_URL).netloc}
        message = self.render_mail(
            template_prefix, email, {"current_site": site, **context}
        )
        html = ""
        if isinstance(message, EmailMultiAlternatives):
            html = next((str(part[0]) for part in message.alternatives), "")
        queue_message(
            None,
            to=email,
            subject=str(message.subject),
            text=str(message.body),
            html=html,
        )


def _at_public_url(url: str) -> str:
    parts = urlsplit(url)
    return f"{settings.PUBLIC_URL}{parts.path}" + (
        f"?{parts.query}" if parts.query else ""
    )
