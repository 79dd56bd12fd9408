"""Running the step “assemble”, and looking at what it left."""

from pathlib import Path

from base.clock import now
from interviews.models import Interview, PipelineStep
from interviews.pipeline import run_step
from recordings.enums import AssetKind
from recordings.models import Asset


def step_of(interview: Interview) -> PipelineStep:
    return interview.pipeline_steps.get(name="assemble")


def assemble(interview: Interview) -> PipelineStep:
    """What a worker does, at a time when the step is due."""
    step = step_of(interview)
    PipelineStep.objects.filter(pk=step.pk).update(next_try_at=now())
    run_step(step.pk)
    return step_of(interview)


def playable(interview: Interview) -> list[Asset]:
    return list(
        Asset.objects.filter(
            recording__interview=interview, kind=AssetKind.PLAYABLE
        ).order_by("part")
    )


def stored_files(media: Path) -> set[Path]:
    return {path for path in media.rglob("*") if path.is_file()}


def asset_files(media: Path) -> set[str]:
    return {
        str(path.relative_to(media))
        for path in stored_files(media)
        if "assets" in path.parts
    }
