// Taking a copy: where the server gives a file in ranges only, they are put together here.
import { gettext, interpolate } from "../i18n.js";

const TOTAL = /^bytes \d+-(\d+)\/(\d+)$/;

/** Asks for one range after another; `onPart(bytes)` and `onShare(0..1)` on the way. */
export async function fetchRanges(
  url,
  { fetch: ask = (...args) => fetch(...args), onPart, onShare },
) {
  let address = url;
  let from = 0;
  let total = Number.POSITIVE_INFINITY;
  while (from < total) {
    const answer = await ask(address, { headers: { Range: `bytes=${from}-` } });
    const place = TOTAL.exec(answer.headers.get("Content-Range") ?? "");
    if (answer.status !== 206 || !place) throw new Error(String(answer.status));
    // What the first answer was led to is good for the rest, and is asked for only once.
    address = answer.url || address;
    await onPart(new Uint8Array(await answer.arrayBuffer()));
    from = Number(place[1]) + 1;
    total = Number(place[2]);
    onShare(from / total);
  }
}

async function openTarget(name) {
  if (window.showSaveFilePicker) {
    const file = await (await window.showSaveFilePicker({ suggestedName: name })).createWritable();
    return { write: (bytes) => file.write(bytes), close: () => file.close() };
  }
  const pieces = [];
  return {
    write: (bytes) => pieces.push(bytes),
    close() {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(pieces));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    },
  };
}

export function mountDownloads(root, say) {
  let isBusy = false;
  root.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-in-ranges]");
    if (!link) return;
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    const onShare = (share) =>
      say(
        interpolate(gettext("Downloading: %(share)s %. Keep this page open."), {
          share: Math.floor(share * 100),
        }),
      );
    try {
      const target = await openTarget(link.dataset.inRanges);
      await fetchRanges(link.href, { onPart: target.write, onShare });
      await target.close();
      say(gettext("Downloaded."));
    } catch (error) {
      if (error.name !== "AbortError") {
        say(gettext("The download stopped. Choose it again to start anew."));
      }
    } finally {
      isBusy = false;
    }
  });
}
