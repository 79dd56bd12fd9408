"""What the recruiter does: signs in, invites, reads the review desk."""

import re

from playwright.sync_api import Page, expect

# A second player beside the page's own, which nothing else moves.
SEEK = """async ([address, seconds]) => {
  const video = document.createElement("video");
  const settled = (name) => new Promise((done, failed) => {
    video.addEventListener(name, done, { once: true });
    video.addEventListener("error", () => failed(new Error(video.error.message)));
    setTimeout(() => failed(new Error(`no ${name}`)), 30000);
  });
  video.muted = true;
  const loaded = settled("loadedmetadata");
  video.src = address;
  await loaded;
  const sought = settled("seeked");
  video.currentTime = seconds;
  await sought;
  await video.play();
  await new Promise((done) => setTimeout(done, 500));
  video.pause();
  const { duration, currentTime, videoWidth, error } = video;
  return { duration, currentTime, videoWidth, error: error && error.message };
}"""


def sign_in(page: Page, email: str, password: str) -> None:
    """Sign in with e-mail and password; the admin is where one lands."""
    page.goto("/admin/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign In").click()
    page.wait_for_url("**/admin/")


def invite(page: Page, *, assessment: str, person: str) -> str:
    """Invite one person and return the link the page shows."""
    page.goto("/admin/interviews/invitation/add/")
    choice = page.locator("[name=assessment_version]")
    wanted = choice.locator("option", has_text=assessment).first.get_attribute("value")
    choice.select_option(wanted)
    page.locator("[name=people]").fill(person)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("1 person is invited.")).to_be_visible()
    return page.locator("[data-copy-source]").input_value()


def open_tab(page: Page, name: str) -> None:
    """Open a tab of the review desk."""
    page.get_by_role("tab", name=name).click()


def find_violations(page: Page) -> list[str]:
    """Return what axe-core, which every page has, finds wrong with it as it is now."""
    found: list[str] = page.evaluate(
        "axe.run().then((result) => result.violations.map("
        "(one) => `${one.id}: ${one.nodes[0].html}`))"
    )
    return found


def play_a_little(page: Page) -> None:
    """Have the page's player play its first seconds, and stop it."""
    page.get_by_role("button", name="Play (space)").click()
    expect(page.locator("[data-bar] [data-at]")).to_have_text(re.compile("0:0[1-9]"))
    page.get_by_role("button", name="Pause (space)").click()
