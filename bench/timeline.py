"""What the gapless number costs: appended events beside plain inserts."""

from bench.database import set_up
from bench.figures import Figure, compare

EVENTS = 300


def measure() -> list[Figure]:
    """Append events one transaction each, and insert plain rows the same way."""
    set_up()
    from interviews.models import Event  # noqa: PLC0415 -- Django must be set up first
    from interviews.timeline.kinds import SectionOpened  # noqa: PLC0415 -- the same
    from interviews.timeline.log import append_event  # noqa: PLC0415 -- the same
    from tests.factories.interviews import InterviewFactory  # noqa: PLC0415 -- the same

    interview = InterviewFactory.create(state="active")
    other = InterviewFactory.create(state="active")
    number = iter(range(1, 10_000_000))

    def append() -> None:
        for _event in range(EVENTS):
            append_event(interview, SectionOpened(section=0), origin="candidate")

    def insert() -> None:
        for _event in range(EVENTS):
            Event.objects.create(
                interview=other,
                seq=next(number),
                origin="candidate",
                kind="section.opened",
                payload={"section": 0},
            )

    return [
        compare(
            f"{EVENTS} events appended",
            append,
            baseline="plain inserts of the same rows",
            run_baseline=insert,
        )
    ]
