// Python in a worker of its own, for the tests of one run. A classic script: a worker without an origin takes no modules.
// What it says is a claim of the code it runs.

const FLUSH_MS = 100;
const FLUSH_CHARS = 8_000;
const MOST_CHARS = 262_144;

let python = null;
let runTests = null;

function say(message) {
  self.postMessage(typeof message === "string" ? message : JSON.stringify(message));
}

/** Passes on what is printed, in pieces, as much of it as is shown. */
function createPrinter(stream) {
  const decoder = new TextDecoder();
  let waiting = "";
  let total = 0;
  let flushed = performance.now();

  function flush() {
    if (waiting) say({ type: "output", stream, text: waiting });
    waiting = "";
    flushed = performance.now();
  }

  function write(bytes) {
    const text = decoder.decode(bytes, { stream: true });
    waiting += text.slice(0, Math.max(0, MOST_CHARS - total));
    total += text.length;
    if (waiting.length > FLUSH_CHARS || performance.now() - flushed > FLUSH_MS) flush();
    return bytes.length;
  }

  return { write, flush };
}

async function prepare({ index, archive }) {
  const { loadPyodide } = await import(`${index}pyodide.mjs`);
  python = await loadPyodide({ indexURL: index });
  const response = await fetch(archive);
  if (!response.ok) throw new Error("pytest is missing");
  const place = python.runPython("import site; site.getsitepackages()[0]");
  python.unpackArchive(await response.arrayBuffer(), "zip", { extractDir: place });
  runTests = python.runPython("import browser_run\nbrowser_run.run");
  say({ type: "ready" });
}

function run({ request }) {
  const printers = [createPrinter("stdout"), createPrinter("stderr")];
  python.setStdout({ write: printers[0].write });
  python.setStderr({ write: printers[1].write });
  const began = performance.now();
  let code = null;
  try {
    code = runTests(request, say);
  } catch (error) {
    printers[1].write(new TextEncoder().encode(`${error}\n`));
  }
  for (const printer of printers) printer.flush();
  say({ type: "finished", exit_code: code, duration_ms: Math.round(performance.now() - began) });
}

self.onmessage = ({ data }) => {
  if (data.type === "run") run(data);
  else prepare(data).catch((error) => say({ type: "failed", message: String(error) }));
};
