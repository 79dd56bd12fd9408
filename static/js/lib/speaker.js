// The polite live region: sentences of the answer and changes of state, each once.

import { isLive } from "./conversation.js";
import { element } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { createSentences } from "./sentences.js";

const KEPT = 30;

function stateWords(entry) {
  if (entry.state === "thinking") return gettext("The assistant is thinking.");
  if (entry.state === "waiting") return gettext("Your question waits for the answer before.");
  if (entry.state === "complete") return gettext("The answer is complete.");
  if (entry.state === "stopped") return gettext("The answer was stopped.");
  if (entry.state === "failed" || entry.state === "interrupted")
    return entry.error?.message || gettext("The answer failed.");
  return "";
}

function toolWords({ title, name, state }) {
  const what = title || name;
  if (state === "failed") return interpolate(gettext("%(what)s: failed."), { what });
  return state === "running" ? `${what}.` : "";
}

/** region is a live region that reads what is added to it. */
export function createSpeaker(region) {
  const known = new Map();

  function say(text) {
    if (!text) return;
    region.append(element("p", {}, text));
    while (region.childElementCount > KEPT) region.firstElementChild.remove();
  }

  function memoryOf(entry) {
    if (!known.has(entry.key))
      known.set(entry.key, { sentences: createSentences(), told: new Set() });
    return known.get(entry.key);
  }

  function once(memory, key, words) {
    if (!words || memory.told.has(key)) return;
    memory.told.add(key);
    say(words);
  }

  return {
    say,
    /** What is on the page when it opens was read before, or is read by going there. */
    skip(entries) {
      for (const entry of entries.filter(({ key }) => !known.has(key))) {
        const memory = memoryOf(entry);
        memory.sentences.skip(entry.answer);
        memory.told.add(entry.state);
        for (const { call, state } of entry.tools ?? []) memory.told.add(`${call} ${state}`);
      }
    },
    /** An entry changed. */
    hear(entry) {
      const memory = memoryOf(entry);
      if (entry.state === "thinking") once(memory, "thinking", stateWords(entry));
      for (const words of memory.sentences.take(entry.answer, isLive(entry))) say(words);
      for (const tool of entry.tools ?? [])
        once(memory, `${tool.call} ${tool.state}`, toolWords(tool));
      if (entry.state !== "thinking") once(memory, entry.state, stateWords(entry));
    },
  };
}
