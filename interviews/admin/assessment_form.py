"""The form of an assessment: the newest version's content, to save as the next one."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.models import Organisation
from interviews.admin.rows import Column, RowsField
from interviews.assistant_limits import LOWERABLE
from interviews.enums import Policy
from interviews.models import Assessment, AssessmentVersion, ProblemVersion, Rubric
from interviews.selectors.back_office import newest_problem_versions, newest_rubrics
from interviews.services.catalogue_content import AssessmentContent, describe_fault

_PLAIN = (
    "title",
    "description",
    "duration_minutes",
    "policy",
    "applies_edits",
    "has_hints",
    "is_search_allowed",
    "allowed_notes",
    "is_interviewer_typing_allowed",
    "is_recorded",
    "records_screen",
    "notes_presence",
    "shows_cost",
    "retention_days",
)
_POLICY_HELP = _(
    "Off: no assistant. Hints: it may not write the solution. Pair: it may write code "
    "that the candidate puts in. Agent: it may take several steps by itself."
)


class AssessmentForm(forms.ModelForm[Assessment]):
    """Saving keeps a new version; invitations already sent stay with theirs."""

    owner: ClassVar[Organisation | None]

    title = forms.CharField(
        label=_("Title"), max_length=120, widget=UnfoldAdminTextInputWidget
    )
    description = forms.CharField(
        label=_("Description for the candidate"),
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 5}),
    )
    sections = RowsField(
        [
            Column(
                "problem",
                forms.ModelChoiceField(
                    label=_("Problem"),
                    queryset=ProblemVersion.objects.none(),
                    widget=UnfoldAdminSelectWidget,
                ),
            )
        ],
        label=_("Problems, in order"),
        add_label=_("Add a problem"),
        blank=2,
        help_text=_("The version chosen here is pinned until you choose another."),
    )
    duration_minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=5,
        max_value=480,
        initial=60,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    policy = forms.ChoiceField(
        label=_("Assistant"),
        choices=Policy.choices,
        initial=Policy.PAIR,
        widget=UnfoldAdminSelectWidget,
        help_text=_POLICY_HELP,
    )
    applies_edits = forms.BooleanField(
        label=_("Apply the assistant's edits at once"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_(
            "Only for an agent. Its edits go into the files without being asked for; "
            "the candidate sees each one and can take it back with one click."
        ),
    )
    has_hints = forms.BooleanField(
        label=_("Hints to take"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_(
            "The problem's own hints one by one, then a few by the assistant. Each one "
            "taken is on record. There are none where the assistant is off."
        ),
    )
    assistant_limits = RowsField(
        [
            Column(
                "name",
                forms.ChoiceField(
                    label=_("Limit"),
                    choices=[("", "—"), *LOWERABLE.items()],
                    widget=UnfoldAdminSelectWidget,
                ),
            ),
            Column(
                "value",
                forms.CharField(
                    label=_("At most"), max_length=20, widget=UnfoldAdminTextInputWidget
                ),
            ),
        ],
        label=_("Lower limits of the assistant"),
        add_label=_("Add a limit"),
        required=False,
        help_text=_("What is not named here keeps the product's limit."),
    )
    rubric = forms.ModelChoiceField(
        label=_("Rubric"),
        queryset=Rubric.objects.none(),
        widget=UnfoldAdminSelectWidget,
    )
    is_search_allowed = forms.BooleanField(
        label=_("Outside search allowed"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )
    allowed_notes = forms.CharField(
        label=_("What else is allowed"),
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
    )
    is_interviewer_typing_allowed = forms.BooleanField(
        label=_("Interviewers may type in the candidate's files"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("What they write is marked as theirs."),
    )
    is_recorded = forms.BooleanField(
        label=_("Camera and microphone recorded"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
    )
    records_screen = forms.BooleanField(
        label=_("Screen recorded too"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_(
            "Candidates choose what they share and may refuse or stop. That they did "
            "is on record; the interview goes on."
        ),
    )
    notes_presence = forms.BooleanField(
        label=_("Leaving the page and the like noted"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_(
            "With their times: when the page is not in front, when its area gets "
            "smaller as developer tools make it, and a second display where the "
            "browser tells. Candidates read this before they agree and see each of "
            "them in their own record. They are facts: no score looks at them."
        ),
    )
    shows_cost = forms.BooleanField(
        label=_("The candidate sees what the assistant costs"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )
    retention_days = forms.IntegerField(
        label=_("Days kept"),
        min_value=1,
        max_value=3650,
        initial=90,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    content: AssessmentContent

    class Meta:
        model = Assessment
        fields = ["slug", "is_archived"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        latest = instance.versions.first() if instance and instance.pk else None
        if latest is not None:
            kwargs["initial"] = {
                **_initial(latest),
                **(kwargs.get("initial") or {}),
            }
        super().__init__(*args, **kwargs)
        self._offer_own(latest)

    def _offer_own(self, latest: AssessmentVersion | None) -> None:
        """Offer the organisation's newest versions, and what is pinned now."""
        if "rubric" not in self.fields or self.owner is None:
            return
        rubrics = newest_rubrics(Rubric.objects.filter(organisation=self.owner))
        versions = newest_problem_versions(self.owner)
        if latest is not None:
            pinned = latest.sections.values("problem_version_id")
            own = ProblemVersion.objects.select_related("problem").order_by("title")
            versions = own.filter(pk__in=versions.values("pk")) | own.filter(
                pk__in=pinned
            )
            rubrics = Rubric.objects.filter(pk__in=rubrics.values("pk")) | (
                Rubric.objects.filter(pk=latest.rubric_id)
            )
        field: Any = self.fields["rubric"]
        field.queryset = rubrics
        sections: Any = self.fields["sections"]
        sections.columns[0].field.queryset = versions

    def clean_sections(self) -> list[ProblemVersion]:
        """Return the problem versions in order, none of them twice."""
        versions = [row["problem"] for row in self.cleaned_data["sections"]]
        if len({version.problem_id for version in versions}) < len(versions):
            raise forms.ValidationError(_("The same problem is chosen twice."))
        return versions

    def clean(self) -> dict[str, Any]:
        """Check the whole as the library will keep it."""
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        try:
            self.content = AssessmentContent(
                **{name: data[name] for name in _PLAIN},
                assistant_limits={
                    row["name"]: row["value"] for row in data["assistant_limits"]
                },
            )
        except ValidationError as error:
            raise forms.ValidationError(describe_fault(error)) from error
        return data


def _initial(version: AssessmentVersion) -> dict[str, Any]:
    return {
        **{name: getattr(version, name) for name in _PLAIN},
        "assistant_limits": [
            {"name": name, "value": value}
            for name, value in version.assistant_limits.items()
        ],
        "rubric": version.rubric_id,
        "sections": [
            {"problem": pk}
            for pk in version.sections.values_list("problem_version_id", flat=True)
        ],
    }
