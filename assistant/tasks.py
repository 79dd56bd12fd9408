"""Celery entry points of the assistant app."""

from celery import shared_task


@shared_task(name="assistant.sweep_turns")
def sweep_turns() -> None:
    """End turns whose process is gone."""
    from assistant.services.endings import interrupt_dead_turns

    interrupt_dead_turns()


@shared_task(name="assistant.sweep_pictures")
def sweep_pictures() -> None:
    """Take away contents that no picture stands for."""
    from assistant.services.loose_contents import sweep_contents

    sweep_contents()


@shared_task(name="assistant.forget_requests")
def forget_requests() -> None:
    """Forget what was sent to models where the time it is kept is over."""
    from assistant.services.retention import forget_old_requests

    forget_old_requests()
