"""Celery entry points of the interviews app: ids in, one service called."""

import asyncio

from celery import shared_task


@shared_task(name="interviews.run_pipeline_step")
def run_pipeline_step(*, step_id: int) -> None:
    """Run one pipeline step."""
    from interviews.pipeline import run_step

    run_step(step_id)


@shared_task(name="interviews.sweep_steps")
def sweep_steps() -> None:
    """Start again whatever pipeline step stands still."""
    from interviews.pipeline import sweep_steps as sweep

    sweep()


@shared_task(name="interviews.end_overdue")
def end_overdue() -> None:
    """End interviews whose time is up and expire invitations nobody used."""
    from interviews.services.lifecycle import end_overdue_interviews

    end_overdue_interviews()


@shared_task(name="interviews.close_workspaces")
def close_workspaces() -> None:
    """Close the workspaces of interviews that are over."""
    from interviews.live_workspaces import close_ended_workspaces

    asyncio.run(close_ended_workspaces())


@shared_task(name="interviews.sweep_runs")
def sweep_runs() -> None:
    """Mark runs whose process is gone as interrupted, keeping what they wrote."""
    from interviews.live_workspaces import recover_workspaces

    asyncio.run(recover_workspaces())
