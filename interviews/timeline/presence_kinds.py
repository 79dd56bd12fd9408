"""What happens to the windows of a room: plain facts with times, never a verdict.

All but `WritingMoved` and `FactsCut` are what a candidate's page said, and are kept
only where the assessment says so.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from interviews.timeline.registry import Payload, register_kind

# A day is longer than any interview.
MOST_AWAY_MS = 24 * 3600 * 1000
MOST_PIXELS = 32_767
Pixels = Annotated[int, Field(ge=0, le=MOST_PIXELS, strict=True)]


@register_kind
class WritingMoved(Payload):
    """The candidate goes on in another window.

    `is_asked` says that they chose so while the former one was there; otherwise that
    one was gone. `place` is where the former one was: tab, device, or not known.
    """

    kind: ClassVar[str] = "writing.moved"
    is_asked: bool
    place: Literal["tab", "device", ""]


@register_kind
class FocusLost(Payload):
    """The page was no longer in front.

    `how` is hidden (another tab, or minimised) or blurred (another window has the
    keyboard).
    """

    kind: ClassVar[str] = "focus.lost"
    how: Literal["hidden", "blurred"]


@register_kind
class FocusRegained(Payload):
    """The page was in front again, after so many milliseconds."""

    kind: ClassVar[str] = "focus.regained"
    away_ms: Annotated[int, Field(ge=0, le=MOST_AWAY_MS, strict=True)]


@register_kind
class ViewportNarrowed(Payload):
    """The page's area got smaller by so many pixels while its window kept its size.

    Developer tools and sidebars do that.
    """

    kind: ClassVar[str] = "viewport.narrowed"
    width: Pixels
    height: Pixels


@register_kind
class DisplaysTold(Payload):
    """The browser said whether more than one display is connected."""

    kind: ClassVar[str] = "displays.told"
    is_extended: Annotated[bool, Field(strict=True)]


@register_kind
class FactsCut(Payload):
    """So many facts were kept; what came after is not."""

    kind: ClassVar[str] = "facts.cut"
    kept: int


Fact = FocusLost | FocusRegained | ViewportNarrowed | DisplaysTold
FACT_KINDS = (
    FocusLost.kind,
    FocusRegained.kind,
    ViewportNarrowed.kind,
    DisplaysTold.kind,
)
