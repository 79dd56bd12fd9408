"""Celery entry points of the recordings app."""

from celery import shared_task


@shared_task(name="recordings.meter_storage", time_limit=1800)
def meter_storage() -> None:
    """Write what each organisation's media take today, if it is not written yet."""
    from recordings.services.byte_days import meter_storage as meter

    meter()
