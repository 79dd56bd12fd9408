"""Money as a column."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Value
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

PLACES = 12
UNIT = Decimal(1).scaleb(-PLACES)
# Wide enough for any product of a price and a count.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


# In dollars: within 64 bits with some room for sums.
_LARGEST = Decimal(9_000_000)


def to_units(amount: Decimal) -> int:
    """Return the whole number of 10^-12 dollars nearest to an amount, half to even."""
    scaled = _EXACT.scaleb(amount, PLACES)
    return int(_EXACT.to_integral_value(scaled))


def from_units(units: Decimal | int) -> Decimal:
    """Return US dollars."""
    return _EXACT.scaleb(Decimal(units), -PLACES)


if TYPE_CHECKING:
    # In Python the values are Decimals; only the column holds whole numbers.
    _Base = models.DecimalField
else:
    _Base = models.BigIntegerField


def rounded(amount: Decimal) -> Decimal:
    """Return the amount as the column keeps it."""
    return from_units(to_units(amount))


class UsdFormField(forms.DecimalField):
    """Dollars without the zeros that the column's twelve decimals leave."""

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the box: 5 for 5.000000000000."""
        if isinstance(value, Decimal) and value.is_finite():
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        return value


class UsdField(_Base):  # type: ignore[type-arg]  # the plugin sets them for each field
    """US dollars as a Decimal, kept as a whole number of 10^-12 dollars.

    Whole numbers add up exactly on every database; SQLite would keep a DecimalField
    as binary floating point. 10^-12 is one token at a price with six decimals per
    million; the largest amount is 9.2 million dollars.
    """

    description = _("US dollars")
    default_error_messages = {"invalid": _("Enter an amount.")}

    @cached_property
    def validators(self) -> Any:
        """Hold amounts to what fits, in dollars; the parent would count units."""
        ends = MinValueValidator(-_LARGEST), MaxValueValidator(_LARGEST)
        return [*super().validators, *ends]

    def from_db_value(self, value: Any, *_args: Any) -> Decimal | None:
        """Return dollars; sums come as int or as Decimal, by database."""
        return None if value is None else from_units(value)

    def to_python(self, value: Any) -> Any:
        """Read what a form or a fixture gave."""
        if value is None:
            return None
        try:
            amount = value if isinstance(value, Decimal) else Decimal(str(value))
        except ArithmeticError as error:
            raise self._invalid() from error
        if not amount.is_finite():
            raise self._invalid()
        return amount

    def _invalid(self) -> ValidationError:
        return ValidationError(self.error_messages["invalid"], code="invalid")

    def get_prep_value(self, value: Any) -> Any:
        """Return what the column holds."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return to_units(Decimal(value))

    def formfield(self, **kwargs: Any) -> Any:
        """Ask for dollars with as many decimals as anybody types."""
        return models.Field.formfield(
            self,
            **{
                "form_class": UsdFormField,
                "decimal_places": 6,
                "min_value": -_LARGEST,
                "max_value": _LARGEST,
                **kwargs,
            },
        )


def usd(amount: Decimal | int) -> Value:
    """Return an amount as an expression, for sums with a column."""
    return Value(Decimal(amount), output_field=UsdField())
