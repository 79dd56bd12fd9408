"""A finished recording in a browser: sought into and played through its holes."""

from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext

from accounts.models import User
from interviews.models import Interview
from recordings.models import Asset
from recordings.selectors import list_playable, read_receipt
from tests.e2e.conftest import LiveSite

# Before, in and behind each hole is sought; then it is played through, four times as
# fast. An error of the player ends it.
WATCH = """async ([address, holes]) => {
  const video = document.createElement("video");
  document.body.append(video);
  video.muted = true;
  const failing = new Promise((_, failed) => {
    video.onerror = () => failed(new Error(video.error.message || "cannot be played"));
  });
  const until = (name) => Promise.race([
    failing, new Promise((done) => video.addEventListener(name, done, { once: true }))]);
  const seek = async (seconds) => {
    const done = until("seeked");
    video.currentTime = seconds;
    await done;
    return Math.abs(video.currentTime - seconds);
  };
  video.src = address;
  await until("loadedmetadata");
  const missed = [];
  for (const [start, end] of holes) {
    for (const at of [start - 0.2, (start + end) / 2, end + 0.1]) {
      missed.push(await seek(at));
    }
    missed.push(await seek(start - 0.3));
    video.playbackRate = 4;
    await video.play();
    while (video.currentTime < end + 0.3) await until("timeupdate");
    video.pause();
  }
  return { duration: video.duration, width: video.videoWidth, missed };
}"""


def sign_in(context: BrowserContext, site: LiveSite, user: User) -> None:
    """Give the browser a member's session."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    value = client.cookies[name].value
    context.add_cookies([{"name": name, "value": value, "url": site.address}])


def holes_in(asset: Asset, interview: Interview) -> list[list[float]]:
    """Return where the file's holes begin and end, in seconds of the file."""
    return [
        [(gap.start_ms - asset.start_ms) / 1000, (gap.end_ms - asset.start_ms) / 1000]
        for gap in read_receipt(interview).gaps
    ]


def watch(
    context: BrowserContext, site: LiveSite, interview: Interview
) -> tuple[Asset, dict[str, Any]]:
    """Play the only file of a recording as its organisation's owner does.

    Returns the file's row and {duration, width, missed}: seconds, pixels, and by how
    many seconds each seek missed.
    """
    owner = interview.organisation.memberships.get(role="owner").user
    sign_in(context, site, owner)
    [asset] = list_playable(interview)
    page = context.new_page()
    page.goto(f"{site.address}/healthz")
    path = f"/interviews/{interview.pk}/recordings/{asset.pk}/"
    seen: dict[str, Any] = page.evaluate(WATCH, [path, holes_in(asset, interview)])
    page.close()
    return asset, seen
