"""What is wrong with how a page looks and reads, as far as a machine can tell."""

from pathlib import Path

from django.conf import settings
from playwright.sync_api import Page, ViewportSize

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
_AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
# Half way between two schemes a colour is neither: axe would object to the mixture.
_COME_TO_REST = """() => Promise.allSettled(
  document.getAnimations()
    .filter((one) => one.effect.getTiming().iterations !== Infinity)
    .map((one) => one.finished),
)"""


def find_faults(page: Page) -> list[str]:
    """Return what axe-core objects to, and what sticks out sideways."""
    page.evaluate(_COME_TO_REST)
    page.evaluate("(source) => new Function(source)()", _AXE.read_text())
    faults: list[str] = page.evaluate(
        "async () => (await axe.run()).violations"
        ".map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`)"
    )
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append("the page scrolls sideways")
    return faults
