"""Celery entry points of the billing app."""

from celery import shared_task


@shared_task(name="billing.sweep", time_limit=300)
def sweep() -> None:
    """End reservations nobody settled, and tell of alerts nobody was told of."""
    from billing.services.alerts import tell_alerts
    from billing.services.reservations import expire_reservations

    expire_reservations()
    tell_alerts()
