"""A form field of repeated rows: files, sections, rubric items, addresses.

Works without scripts, with a few empty rows at the end; `back_office.js` adds and
removes rows where scripts run.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

MAX_ROWS = 250
Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One field of a row; `is_wide` puts it under the others."""

    name: str
    field: forms.Field
    is_wide: bool = False


class RowsWidget(forms.Widget):
    """Renders each row's fields under repeated names."""

    use_fieldset = True

    def __init__(self, columns: Sequence[Column], add_label: Any, blank: int) -> None:
        super().__init__()
        self.columns = list(columns)
        self.add_label = add_label
        self.blank = blank

    def __deepcopy__(self, memo: dict[int, Any]) -> "RowsWidget":
        """Give each form columns of its own: their choices are one request's."""
        copied: RowsWidget = super().__deepcopy__(memo)
        copied.columns = deepcopy(self.columns, memo)
        return copied

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Any, name: str
    ) -> list[Row]:
        """Return the rows that were sent, empty ones included."""
        getlist = getattr(data, "getlist", None)
        lists = [
            getlist(f"{name}-{column.name}")
            if getlist
            else list(data.get(f"{name}-{column.name}", ()))
            for column in self.columns
        ]
        names = [column.name for column in self.columns]
        return [
            dict(zip(names, values, strict=True))
            for values in zip(*lists, strict=False)
        ][: MAX_ROWS + 1]

    def value_omitted_from_data(
        self, data: Mapping[str, Any], files: Any, name: str
    ) -> bool:
        """Say whether no row came at all."""
        return f"{name}-{self.columns[0].name}" not in data

    def id_for_label(self, id_: str) -> str:
        """Label the group, not its first field."""
        return ""

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        """Return the rows, the empty ones at the end, and a template for more."""
        rows = [*(value or [])]
        blank = max(0, self.blank - sum(1 for row in rows if is_blank(row)))
        context = {
            "name": name,
            "add_label": self.add_label,
            "rows": [self._row(name, row) for row in [*rows, *[{}] * blank]],
            "template": self._row(name, {}),
        }
        return render_to_string("admin/interviews/rows.html", context)

    def _row(self, name: str, row: Row) -> list[dict[str, Any]]:
        cells = []
        for column in self.columns:
            value = row.get(column.name, column.field.initial)
            label = str(column.field.label or column.name)
            cells.append(
                {
                    "label": label,
                    "is_wide": column.is_wide,
                    "html": column.field.widget.render(
                        f"{name}-{column.name}", value, {"aria-label": label}
                    ),
                }
            )
        return cells


class RowsField(forms.Field):
    """Rows of the same fields; cleans to a list of dictionaries.

    A row whose first field is empty is left out: emptying it removes the row.
    """

    widget: RowsWidget

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        add_label: Any,
        blank: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(widget=RowsWidget(columns, add_label, blank), **kwargs)

    @property
    def columns(self) -> list[Column]:
        """The fields of a row, shared with the widget that shows them."""
        return self.widget.columns

    def clean(self, value: Any) -> list[Row]:
        """Return the filled rows. Raises ValidationError naming row and field."""
        filled = [row for row in value or [] if self._is_kept(row)]
        if self.required and not filled:
            raise ValidationError(self.error_messages["required"], code="required")
        if len(filled) > MAX_ROWS:
            raise ValidationError(_("At most %(n)d rows.") % {"n": MAX_ROWS})
        errors: list[str] = []
        rows = [self._clean_row(at, row, errors) for at, row in enumerate(filled, 1)]
        if errors:
            raise ValidationError(errors)
        return rows

    def _is_kept(self, row: Row) -> bool:
        return bool(str(row.get(self.columns[0].name) or "").strip())

    def _clean_row(self, number: int, row: Row, errors: list[str]) -> Row:
        cleaned = {}
        for column in self.columns:
            try:
                cleaned[column.name] = column.field.clean(row.get(column.name))
            except ValidationError as error:
                label = column.field.label or column.name
                errors.append(
                    _("Row %(number)d, %(field)s: %(error)s")
                    % {
                        "number": number,
                        "field": label,
                        "error": " ".join(error.messages),
                    }
                )
        return cleaned

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what would be kept."""
        kept = [row for row in data or [] if self._is_kept(row)]
        return [_plain(row) for row in initial or []] != [_plain(row) for row in kept]


def is_blank(row: Row) -> bool:
    """Say whether nothing was filled in."""
    return not any(str(value or "").strip() for value in row.values())


def _plain(row: Row) -> dict[str, str]:
    return {
        name: str(getattr(value, "pk", value) if value is not None else "").replace(
            "\r\n", "\n"
        )
        for name, value in row.items()
    }
