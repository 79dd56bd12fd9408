// The files of the workspace that are no documents: shown and kept, never edited.
import { createEmitter } from "./events.js";

/** Events: "list" when there are others. unlisted counts those the server has beyond the list. */
export function createOtherFiles({ socket }) {
  const emitter = createEmitter();
  let entries = [];
  let unlisted = 0;

  function set(list, beyond) {
    entries = list;
    unlisted = beyond ?? 0;
    emitter.emit("list", entries);
  }

  socket.on("hello", ({ files = [], unlisted: beyond }) => set(files, beyond));
  socket.on("file.changed", ({ path, files, file, unlisted: beyond }) => {
    if (files) set(files, beyond);
    else if (file !== undefined) {
      const others = entries.filter((entry) => entry.path !== path);
      set(file ? [...others, file] : others, unlisted);
    }
  });

  return {
    on: emitter.on,
    get: (path) => entries.find((entry) => entry.path === path) ?? null,
    get entries() {
      return entries;
    },
    get unlisted() {
      return unlisted;
    },
  };
}
