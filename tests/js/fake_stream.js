// A fetch whose server is the test: streams of events that it writes, and what is posted.

export function fakeServer() {
  const streams = [];
  const posted = [];
  const refusals = [];
  let isAway = false;
  const encoder = new TextEncoder();

  function openStream(signal) {
    let writer;
    const body = new ReadableStream({ start: (controller) => (writer = controller) });
    const stream = {
      isOpen: true,
      /** Bytes as they are, cut wherever the test likes. */
      write: (text) => writer.enqueue(encoder.encode(text)),
      say: (name, data) => stream.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`),
      frame: (data) => stream.say("frame", data),
      cut() {
        stream.isOpen = false;
        writer.error(new TypeError("network"));
      },
    };
    signal.addEventListener("abort", () => {
      if (stream.isOpen) writer.error(new DOMException("aborted", "AbortError"));
      stream.isOpen = false;
    });
    streams.push(stream);
    return { ok: true, status: 200, body };
  }

  async function fetch(url, { method = "GET", body, signal, headers } = {}) {
    if (isAway) throw new TypeError("network");
    const refusal = refusals.shift();
    if (refusal) return { ok: false, status: refusal.status, json: async () => refusal };
    if (method === "GET") return openStream(signal);
    posted.push({ url, headers, ...JSON.parse(body) });
    return { ok: true, status: 202 };
  }

  return {
    fetch,
    streams,
    posted,
    get last() {
      return streams.at(-1);
    },
    refuseNext: (refusal) => refusals.push(refusal),
    leave: (value = true) => {
      isAway = value;
    },
  };
}

/** Lets everything that is on its way arrive; time stands still meanwhile. */
export async function settled() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
