"""What may be done on the review desk: by whom, in which state, through which service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.access import Standing
from accounts.models import User
from interviewlm.review.forms import DecideForm, ReasonForm, TimeForm
from interviews.enums import ENDED_STATES, InterviewState
from interviews.models import Interview
from interviews.services import decisions
from interviews.services.faults import read_offer
from interviews.services.lifecycle import OPEN_STATES, UNSTARTED_STATES
from interviews.timewords import format_seconds

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One form of the desk; `verb` and `object_name` are a line of the table."""

    name: str
    label: Any
    done: Any
    verb: str
    object_name: str
    states: tuple[str, ...]
    form: type[forms.Form]
    run: Callable[[Interview, Values, User], object]
    is_dangerous: bool = False
    is_for_previews: bool = True
    help: Any = ""
    # Where the state alone does not say whether there is anything to do.
    condition: Callable[[Interview], bool] | None = None
    label_of: Callable[[Interview], str] | None = None

    def label_for(self, interview: Interview) -> Any:
        """What the button says for this interview."""
        return self.label if self.label_of is None else self.label_of(interview)

    def is_offered(self, interview: Interview, standing: Standing) -> bool:
        """Whether it makes sense now, for this person."""
        return (
            standing.may(self.verb, self.object_name)
            and interview.state in self.states
            and (self.is_for_previews or not interview.is_preview)
            and (self.condition is None or self.condition(interview))
        )


OPERATIONS: dict[str, Operation] = {
    one.name: one
    for one in (
        Operation(
            "decide",
            _("Record the decision"),
            _("The decision is on record."),
            "decide",
            "scorecard",
            ENDED_STATES,
            DecideForm,
            lambda i, v, actor: decisions.decide_interview(i.pk, actor=actor, **v),
            is_for_previews=False,
        ),
        Operation(
            "rescore",
            _("Score again"),
            _("The interview will be scored again."),
            "rescore",
            "scorecard",
            ENDED_STATES,
            forms.Form,
            lambda i, v, actor: decisions.rescore(i.pk, actor=actor),
            is_for_previews=False,
            help=_("Earlier scorecards stay on record."),
        ),
        Operation(
            "extend",
            _("Extend"),
            _("The interview is extended."),
            "extend",
            "interview",
            (InterviewState.ACTIVE,),
            TimeForm,
            lambda i, v, actor: decisions.give_time(i.pk, actor=actor, **v),
        ),
        Operation(
            "give-back",
            _("Reopen with the time lost"),
            _("The interview is open again."),
            "reopen",
            "interview",
            ENDED_STATES,
            forms.Form,
            lambda i, v, actor: decisions.give_back(i.pk, actor=actor),
            help=_("A fault of ours took it; it was proven when the time was up."),
            condition=lambda i: read_offer(i).seconds > 0,
            label_of=lambda i: (
                _now("Reopen with %(time)s")
                % {"time": format_seconds(read_offer(i).seconds)}
            ),
        ),
        Operation(
            "reopen",
            _("Reopen"),
            _("The interview is open again."),
            "reopen",
            "interview",
            ENDED_STATES,
            TimeForm,
            lambda i, v, actor: decisions.reopen(i.pk, actor=actor, **v),
            help=_("The candidate can go on with so many minutes left."),
        ),
        Operation(
            "cancel",
            _("Cancel the interview"),
            _("The interview is cancelled."),
            "cancel",
            "interview",
            OPEN_STATES,
            ReasonForm,
            lambda i, v, actor: decisions.cancel(i.pk, actor=actor, **v),
            is_dangerous=True,
            help=_("The candidate cannot begin or go on. This cannot be undone."),
        ),
        Operation(
            "resend",
            _("Send the e-mail again"),
            _("The e-mail is on its way."),
            "resend",
            "invitation",
            UNSTARTED_STATES,
            forms.Form,
            lambda i, v, actor: decisions.resend(i.invitation, actor=actor),
            is_for_previews=False,
        ),
        Operation(
            "revoke",
            _("Revoke the link"),
            _("The link is revoked."),
            "revoke",
            "invitation",
            UNSTARTED_STATES,
            forms.Form,
            lambda i, v, actor: decisions.revoke(i.invitation, actor=actor),
            is_dangerous=True,
            help=_("Every link sent so far stops working."),
        ),
    )
}
