// The output of a run as it is shown: pieces by stream, the end kept in sight for who looks at it.
import { element } from "./dom.js";

export function createRunOutput(output) {
  return {
    clear: () => output.replaceChildren(),
    write(stream, text) {
      if (!text) return;
      const follow = output.scrollHeight - output.scrollTop - output.clientHeight < 24;
      const last = output.lastElementChild;
      if (last?.dataset.stream === stream) last.append(text);
      else output.append(element("span", { "data-stream": stream }, text));
      if (follow) output.scrollTop = output.scrollHeight;
    },
  };
}
