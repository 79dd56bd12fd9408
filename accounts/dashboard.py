"""What the first page of the admin shows; the apps above register their panels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.access import Standing


@dataclass(frozen=True)
class Panel:
    """One panel: `build` returns the template's context, or None for nothing."""

    name: str
    template: str
    build: Callable[[Standing], Mapping[str, Any] | None]
    position: int


_panels: dict[str, Panel] = {}


def register_panel(
    name: str,
    *,
    template: str,
    build: Callable[[Standing], Mapping[str, Any] | None],
    position: int = 100,
) -> None:
    """Add a panel to the first page; lower positions come first.

    The template finds what `build` returned as `panel`.
    """
    _panels[name] = Panel(name, template, build, position)


def build_panels(standing: Standing) -> list[dict[str, Any]]:
    """Return template and context of each panel that has something to show."""
    found = []
    for panel in sorted(_panels.values(), key=lambda p: (p.position, p.name)):
        context = panel.build(standing)
        if context is not None:
            found.append({"template": panel.template, "panel": context})
    return found
