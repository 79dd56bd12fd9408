"""Celery entry points of the recordings app."""

from celery import shared_task


@shared_task(name="recordings.meter_storage", time_limit=1800)
def meter_storage() -> None:
    """Write what each organisation's media take today, if it is not written yet."""
    from recordings.services.byte_days import meter_storage as meter

    meter()


@shared_task(
    name="recordings.make_rendition",
    # Longer than a broker waits for a task before it gives it to another worker.
    acks_late=False,
    time_limit=6 * 60 * 60,
)
def make_rendition(*, asset_id: int) -> None:
    """Make the H.264 copy of a finished file."""
    from recordings.services.renditions import make_rendition as make

    make(asset_id)


@shared_task(name="recordings.expire_media", time_limit=1800)
def expire_media() -> None:
    """Delete what was kept as long as it may be, and chunks nobody needs any more."""
    from recordings.services.retention import expire_media as expire

    expire()


@shared_task(name="recordings.sweep_store", time_limit=3600)
def sweep_store() -> None:
    """Remove objects no row knows and mark rows whose object is gone."""
    from recordings.services.store_sweep import sweep_store as sweep

    sweep(is_dry=False)


@shared_task(name="recordings.sweep_uploads", time_limit=600)
def sweep_uploads() -> None:
    """Settle tickets that ran out, and write to candidates whose recording has holes."""
    from recordings.services.recovery import write_to_candidates
    from recordings.services.tickets import sweep_tickets

    sweep_tickets()
    write_to_candidates()
