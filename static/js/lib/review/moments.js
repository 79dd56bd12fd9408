// A moment chosen anywhere moves the player and shows its event beside it.
import { formatClock } from "./playlist.js";

export function mountMoments(root, { tabs, player, events }) {
  const box = root.querySelector("[data-shown]");
  const part = (name) => box.querySelector(`[data-shown-${name}]`);
  let row = null;

  function show({ time, seq, quote = "" }) {
    player.seek(time);
    // What a terminal shows is no row of its own.
    row = (seq && events.find(seq)) || events.findNearest(time);
    part("time").textContent = formatClock(time);
    part("title").textContent = row?.querySelector("[data-title]").textContent ?? "";
    part("detail").textContent = quote
      ? ""
      : (row?.querySelector("[data-detail]").textContent ?? "");
    const origin = part("origin");
    origin.textContent = row?.dataset.origin ?? "";
    origin.dataset.origin = row?.dataset.origin ?? "";
    const block = part("quote");
    block.textContent = quote;
    block.hidden = !quote;
    part("open").hidden = !row;
    box.hidden = false;
    events.mark(row);
  }

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-moment]");
    if (!button) return;
    show({
      time: Number(button.dataset.t),
      seq: Number(button.dataset.seq) || 0,
      quote: button.querySelector("q")?.textContent ?? "",
    });
    box.scrollIntoView({ block: "nearest" });
  });
  part("open").addEventListener("click", () => {
    tabs.open("events");
    events.reveal(row);
  });
  player.board?.addEventListener("click", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) {
      show({ time: Number(mark.dataset.t), seq: Number(mark.dataset.seq) });
      return;
    }
    const frame = player.board.getBoundingClientRect();
    const share = (event.clientX - frame.left) / frame.width;
    show({ time: Math.round(share * player.length), seq: 0 });
  });
  return { show };
}
