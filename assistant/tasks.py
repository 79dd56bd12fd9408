"""Celery entry points of the assistant app."""

from celery import shared_task


@shared_task(name="assistant.sweep_turns")
def sweep_turns() -> None:
    """End turns whose process is gone."""
    from assistant.services.endings import interrupt_dead_turns

    interrupt_dead_turns()
