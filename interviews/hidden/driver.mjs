// Calls one function of a candidate's JavaScript module; runs alone inside the sandbox.
//
// Reads {"module", "function", "args", "kwargs", "result_path"} from standard input
// and writes {"ok": true, "value": ...} or {"ok": false, "error": "..."} to
// result_path. It knows no expectation: what it writes is only ever compared outside.

import { renameSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const MAX_RESULT_BYTES = 256 * 1024;
const MAX_ERROR_CHARACTERS = 500;

const request = JSON.parse(await readAll(process.stdin));
// Made absolute first: the candidate's code may change the folder.
const resultPath = resolve(request.result_path || ".result.json");
let written = false;

// Errors thrown later, from a timer or a forgotten promise, end up here.
process.on("uncaughtException", fail);
// process.exit in the candidate's code, or a promise nobody will ever settle.
process.on("exit", () => {
  if (!written) write(failure(new Error("the program ended before the function returned")));
  process.exitCode = 0;
});

try {
  write(encode(await call(request)));
  process.exit(0);
} catch (error) {
  fail(error);
}

async function readAll(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

async function call({ module, function: name, args = [], kwargs = {} }) {
  const path = resolve(module);
  const loaded = await import(pathToFileURL(path).href);
  const found = loaded[name] ?? loaded.default?.[name];
  if (typeof found !== "function") {
    throw new TypeError(`${basename(path)} exports no function ${name}`);
  }
  // JavaScript has no keyword arguments: they travel as one last object.
  return found(...args, ...(Object.keys(kwargs).length > 0 ? [kwargs] : []));
}

function encode(value) {
  if (value === undefined) throw new TypeError("the function returned undefined");
  const result = JSON.stringify({ ok: true, value }, refuseWhatIsNotJson);
  if (Buffer.byteLength(result) > MAX_RESULT_BYTES) {
    throw new RangeError(`the result is larger than ${MAX_RESULT_BYTES / 1024} KB`);
  }
  return result;
}

// JSON.stringify would turn these into null or {} without a word.
function refuseWhatIsNotJson(_key, value) {
  const isNotFinite = typeof value === "number" && !Number.isFinite(value);
  const isCode = typeof value === "function" || typeof value === "symbol";
  const isCollection = value instanceof Map || value instanceof Set;
  if (isNotFinite || isCode || isCollection) {
    const kind = isCollection ? value.constructor.name : String(value).slice(0, 40);
    throw new TypeError(`${kind} cannot be written as JSON`);
  }
  return value;
}

function fail(error) {
  if (!written) write(failure(error));
  console.error(error);
  process.exit(0);
}

function failure(error) {
  let text = "Error";
  try {
    text = error instanceof Error ? `${error.name}: ${error.message}` : `Error: ${error}`;
  } catch {
    // A thrown value whose own text fails is still an error.
  }
  return JSON.stringify({ ok: false, error: text.slice(0, MAX_ERROR_CHARACTERS) });
}

function write(result) {
  written = true;
  const draft = `${resultPath}.${process.pid}`;
  writeFileSync(draft, result);
  renameSync(draft, resultPath);
}
