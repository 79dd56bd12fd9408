"""What candidates agree to, word by word: a wording is never changed once used.

A new wording takes the old one's place under a new version. What a candidate saw is
stored whole with their agreement, so no old wording needs to be kept here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import Organisation
from interviews.enums import Policy
from interviews.models import AssessmentVersion

CURRENT_VERSION = "2026-11-22.3"
FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph with places to fill in, shown when `when` is a fact of the interview."""

    text: str
    when: str = ""


@dataclass(frozen=True)
class Clause:
    """A heading and what stands under it."""

    heading: str
    paragraphs: tuple[Paragraph, ...]
    takes_notes: bool = False


@dataclass(frozen=True)
class ConsentText:
    """One version in one language; `statement` is what the candidate ticks.

    `nouns` are singular and plural of what is counted in it. The clause that
    `takes_notes` ends with what the company wrote beside its rules.
    """

    version: str
    language: str
    statement: str
    nouns: Mapping[str, tuple[str, str]]
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class FilledClause:
    """A clause as one candidate reads it."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class FilledConsent:
    """The text as one candidate reads it; `text` is what is stored."""

    version: str
    language: str
    statement: str
    clauses: tuple[FilledClause, ...]

    @property
    def text(self) -> str:
        """The whole text as plain lines."""
        blocks = [
            "\n\n".join((clause.heading, *clause.paragraphs)) for clause in self.clauses
        ]
        return "\n\n".join([*blocks, self.statement])


_ENGLISH = ConsentText(
    version=CURRENT_VERSION,
    language="en",
    statement=(
        "I have read this and agree that {organisation} runs this interview and "
        "keeps it as described."
    ),
    nouns={"problems": ("problem", "problems"), "days": ("day", "days")},
    clauses=(
        Clause(
            "What happens",
            (
                Paragraph(
                    "You work on {problems} in your browser for up to {minutes} "
                    "minutes. You read, write and run code and its tests. The clock "
                    "starts when you say so, after the check that follows this page."
                ),
            ),
        ),
        Clause(
            "What is recorded",
            (
                Paragraph(
                    "Your camera and microphone, from the moment you start the "
                    "interview until you finish it. Your screen is not recorded.",
                    when="recorded",
                ),
                Paragraph(
                    "Your camera and microphone, from the moment you start the "
                    "interview until you finish it.",
                    when="recorded_with_screen",
                ),
                Paragraph(
                    "Your screen: the room asks you to share it, and you choose the "
                    "screen, window or tab. All that is seen there is recorded, so "
                    "close what nobody should see. You may refuse or stop at any "
                    "time; the interview goes on, and that you did is noted.",
                    when="recorded_with_screen",
                ),
                Paragraph(
                    "No picture and no sound.",
                    when="unrecorded",
                ),
                Paragraph(
                    "Each change to your files with its time, each run with its "
                    "output, the result of the check of your devices, that you went "
                    "on in another window, and what you report with “Something is "
                    "wrong”."
                ),
                Paragraph(
                    "How text came into your files: typed, or pasted or dropped, and "
                    "then how much and whether it was copied in this room or outside "
                    "it. It is kept as a fact, not as a verdict, and what you copy "
                    "elsewhere is never read."
                ),
                Paragraph(
                    "With its time: when the room is not in front, because another "
                    "tab or program is, and for how long; when its area gets smaller "
                    "as developer tools or a sidebar make it; and, where your browser "
                    "tells, that more than one display is connected. These are facts, "
                    "not verdicts: no score looks at them, what you do elsewhere is "
                    "never seen, and each of them stands in your own record.",
                    when="presence",
                ),
                Paragraph("Your conversation with the assistant.", when="assistant"),
            ),
        ),
        Clause(
            "Who sees it",
            (
                Paragraph(
                    "The people at {organisation} who work on this hiring. You can see "
                    "and download your own record."
                ),
                Paragraph(
                    "They may also watch live what you do in the room. It then shows "
                    "you their names, and that they watched is noted."
                ),
                Paragraph(
                    "They may type in your files with you. You see where, and what "
                    "they write is kept as theirs, not as yours.",
                    when="typing_allowed",
                ),
                Paragraph(
                    "A language model (Claude, by Anthropic) reads the code, the runs "
                    "and the conversation, to answer you and to draft a score. Picture "
                    "and sound are not sent to it. A person at {organisation} decides, "
                    "not the model.",
                    when="assistant",
                ),
                Paragraph(
                    "A language model (Claude, by Anthropic) reads the code and the "
                    "runs to draft a score. Picture and sound are not sent to it. A "
                    "person at {organisation} decides, not the model.",
                    when="no_assistant",
                ),
            ),
        ),
        Clause(
            "For how long",
            (
                Paragraph(
                    "{organisation} keeps it for {days} after the interview. You may "
                    "ask for it to be deleted sooner: {contact}."
                ),
            ),
        ),
        Clause(
            "What is allowed",
            (
                Paragraph(
                    "There is no assistant in this interview.", when="policy_off"
                ),
                Paragraph(
                    "The assistant in the room gives hints. It does not write the "
                    "solution.",
                    when="policy_hints",
                ),
                Paragraph(
                    "The assistant in the room: ask it as you would ask a colleague, "
                    "and use what it writes.",
                    when="policy_pair",
                ),
                Paragraph(
                    "The assistant in the room: it may also propose whole changes, and "
                    "you decide on each.",
                    when="policy_agent",
                ),
                Paragraph(
                    "The assistant in the room: it may also change your files by "
                    "itself. You see each change and can take it back with one click, "
                    "until you change its lines.",
                    when="policy_agent_applying",
                ),
                Paragraph("Searching and reading on the web.", when="search_allowed"),
                Paragraph(
                    "No searching on the web and no other assistants. Please work from "
                    "what is in the room.",
                    when="search_not_allowed",
                ),
            ),
            takes_notes=True,
        ),
        Clause(
            "If you do not agree",
            (
                Paragraph(
                    "Then this interview does not take place and nothing is recorded. "
                    "Write to {contact} and ask for another way to show your work. You "
                    "can change your mind while your link works."
                ),
            ),
        ),
    ),
)

_TEXTS: Mapping[tuple[str, str], ConsentText] = {
    (text.version, text.language): text for text in (_ENGLISH,)
}


def find_text(language: str) -> ConsentText:
    """Return the current text in this language, or in English."""
    short = language.split("-")[0]
    found = _TEXTS.get((CURRENT_VERSION, short))
    return found or _TEXTS[CURRENT_VERSION, FALLBACK_LANGUAGE]


def fill_consent(
    assessment: AssessmentVersion,
    organisation: Organisation,
    *,
    language: str,
    is_recorded: bool,
    minutes: int | None = None,
) -> FilledConsent:
    """Return the current text for one kind of interview, its places filled in.

    `minutes` is this candidate's time where it is not the assessment's own.
    """
    source = find_text(language)
    facts = _facts(assessment, is_recorded=is_recorded)
    counts = {
        "problems": assessment.sections.count(),
        "days": assessment.retention_days,
    }
    values = {
        "organisation": organisation.name,
        "contact": organisation.contact_email,
        "minutes": minutes or assessment.duration_minutes,
        **{name: _count(source, name, number) for name, number in counts.items()},
    }
    notes = assessment.allowed_notes.strip()
    return FilledConsent(
        version=source.version,
        language=source.language,
        statement=source.statement.format_map(values),
        clauses=tuple(_fill(clause, facts, values, notes) for clause in source.clauses),
    )


def _facts(assessment: AssessmentVersion, *, is_recorded: bool) -> frozenset[str]:
    has_assistant = assessment.policy != Policy.OFF
    return frozenset(
        {
            "",
            _recorded_fact(assessment, is_recorded=is_recorded),
            "search_allowed" if assessment.is_search_allowed else "search_not_allowed",
            "typing_allowed"
            if assessment.is_interviewer_typing_allowed
            else "no_typing",
            "assistant" if has_assistant else "no_assistant",
            "presence" if assessment.notes_presence else "no_presence",
            f"policy_{assessment.policy}"
            + ("_applying" if assessment.applies_edits else ""),
        }
    )


def _recorded_fact(assessment: AssessmentVersion, *, is_recorded: bool) -> str:
    if not is_recorded:
        return "unrecorded"
    return "recorded_with_screen" if assessment.records_screen else "recorded"


def _fill(
    clause: Clause, facts: frozenset[str], values: Mapping[str, object], notes: str
) -> FilledClause:
    paragraphs = [
        paragraph.text.format_map(values)
        for paragraph in clause.paragraphs
        if paragraph.when in facts
    ]
    if clause.takes_notes and notes:
        paragraphs.append(notes)
    return FilledClause(clause.heading, tuple(paragraphs))


def _count(source: ConsentText, name: str, number: int) -> str:
    singular, plural = source.nouns[name]
    return f"{number} {singular if number == 1 else plural}"
