"""What calls are made for: the callers' words, and what people read for each."""

from django_stubs_ext import StrOrPromise

_labels: dict[str, StrOrPromise] = {}


def register_purpose(name: str, label: StrOrPromise) -> None:
    """Name a purpose; called by the apps that spend, once the models are loaded."""
    _labels[name] = label


def purpose_label(name: str) -> str:
    """Return what a purpose is called; an unheard one by its own word."""
    return str(_labels.get(name, name))


def purpose_choices() -> list[tuple[str, StrOrPromise]]:
    """Return the registered purposes, for a form."""
    return list(_labels.items())
