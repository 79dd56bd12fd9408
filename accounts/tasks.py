"""Celery entry points of the accounts app."""

from celery import shared_task


@shared_task(name="accounts.send_outbox", time_limit=300)
def send_outbox() -> None:
    """Send the mail that is due."""
    from accounts.services.outbox import send_due_mail

    send_due_mail()
