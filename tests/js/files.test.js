// Files of the room without a page: rows and keys of the tree, drops, uploads, what a frame says.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { readChosen, readDropped } from "../../static/js/lib/dropped.js";
import { readFileChange } from "../../static/js/lib/filechange.js";
import { createOtherFiles } from "../../static/js/lib/otherfiles.js";
import { listFolders, treeRows } from "../../static/js/lib/paths.js";
import { fileWords, sizeWords } from "../../static/js/lib/sizes.js";
import { createLetters, readTreeKey } from "../../static/js/lib/treekeys.js";
import { createUploads } from "../../static/js/lib/uploads.js";

const entry = (path, more = {}) => ({ path: `lanes/${path}`, ...more });
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("rows say their place among their neighbours, other files between the documents", () => {
  const entries = [entry("b.py"), entry("lib/z.py"), entry("a.db", { kind: "binary" })];
  const rows = treeRows(entries, "lanes");
  assert.deepEqual(
    rows.map(({ name, level, place, count }) => [name, level, place, count]),
    [
      ["lib", 1, 1, 3],
      ["z.py", 2, 1, 1],
      ["a.db", 1, 2, 3],
      ["b.py", 1, 3, 3],
    ],
  );
  assert.deepEqual(listFolders([entry("lib/deep/z.py"), { path: "other/x/y" }], "lanes"), [
    "lib",
    "lib/deep",
  ]);
});

const ROWS = [
  { name: "lib", level: 1, isFolder: true, isOpen: true },
  { name: "one.py", level: 2, isFolder: false },
  { name: "old", level: 1, isFolder: true, isOpen: false },
  { name: "other.py", level: 1, isFolder: false },
];

for (const [at, key, expected] of [
  [0, "ArrowUp", { go: 0 }],
  [3, "ArrowDown", { go: 3 }],
  [0, "ArrowRight", { go: 1 }],
  [2, "ArrowRight", { toggle: true }],
  [3, "ArrowRight", null],
  [0, "ArrowLeft", { toggle: true }],
  [1, "ArrowLeft", { go: 0 }],
  [3, "ArrowLeft", { go: 3 }],
  [1, "End", { go: 3 }],
  [1, "F2", { act: "rename" }],
  [1, "F10", null],
  [1, "Tab", null],
]) {
  test(`${key} at row ${at} does ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(readTreeKey(ROWS, at, { key }), expected);
  });
}

test("letters go to the next row that begins with them, and start anew after a pause", () => {
  let time = 0;
  const press = createLetters(() => time);
  const type = (at, key) => readTreeKey(ROWS, at, { key, letters: press({ key }) });
  assert.deepEqual(type(0, "o"), { go: 1 });
  assert.deepEqual(type(1, "t"), { go: 3 });
  time = 1_000;
  assert.deepEqual(type(3, "o"), { go: 1 });
  time = 2_000;
  assert.deepEqual(type(1, "x"), { go: 1 });
  assert.equal(press({ key: "a", ctrlKey: true }), "");
});

test("sizes are in words", () => {
  const sizes = [1, 12, 999, 1_000, 12_345, 999_600, 1_240_000, 23_000_000, 5e12];
  assert.deepEqual(sizes.map(sizeWords), [
    "1 byte",
    "12 bytes",
    "999 bytes",
    "1 KB",
    "12 KB",
    "1 MB",
    "1.2 MB",
    "23 MB",
    "5000 GB",
  ]);
  assert.equal(fileWords({ kind: "binary", size: 12_345 }), "Binary file, 12 KB");
  assert.equal(fileWords({ kind: "link", size: 9 }), "Link");
});

test("a frame without a list tells of one file", () => {
  const entries = [{ path: "a" }, { path: "b", version: 1 }];
  const uploaded = {
    action: "uploaded",
    path: "b",
    removed: [],
    document: { path: "b", version: 2 },
  };
  assert.deepEqual(readFileChange(uploaded, entries), {
    removed: [],
    moves: [],
    list: [{ path: "a" }, { path: "b", version: 2 }],
  });
  const gone = { ...uploaded, removed: ["b"], document: null };
  assert.deepEqual(readFileChange(gone, entries).list, [{ path: "a" }]);
  const renamed = { action: "renamed", path: "a", to: "c", documents: [] };
  assert.deepEqual(readFileChange(renamed, entries).moves, [["a", "c"]]);
});

test("other files follow whole lists and single lines, and leave older frames alone", () => {
  const handlers = {};
  const others = createOtherFiles({
    socket: { on: (name, handler) => (handlers[name] = handler) },
  });
  handlers.hello({ files: [{ path: "a" }, { path: "b" }], unlisted: 3 });
  handlers["file.changed"]({ path: "a", file: null });
  handlers["file.changed"]({ path: "c", file: { path: "c" } });
  assert.deepEqual(
    others.entries.map(({ path }) => path),
    ["b", "c"],
  );
  assert.equal(others.unlisted, 3);
  handlers["file.changed"]({ path: "x", documents: [] });
  assert.equal(others.entries.length, 2);
  handlers["file.changed"]({ path: "x", files: [], unlisted: 0 });
  assert.deepEqual([others.entries, others.unlisted], [[], 0]);
});

const fileEntry = (name) => ({
  name,
  isFile: true,
  file: (resolve, reject) => (name === "locked" ? reject(new Error("no")) : resolve({ name })),
});

function folderEntry(name, children) {
  const parts = [...children.map((child) => [child]), []];
  return { name, createReader: () => ({ readEntries: (resolve) => resolve(parts.shift()) }) };
}

test("dropped folders are unfolded, without what tools make", async () => {
  const tree = folderEntry("src", [
    fileEntry("a.py"),
    folderEntry("deep", [fileEntry("b.py"), fileEntry("locked")]),
    folderEntry("node_modules", [fileEntry("c.js")]),
    fileEntry(".DS_Store"),
  ]);
  const entries = [tree, fileEntry("d.py")];
  const items = entries.map((one) => ({ webkitGetAsEntry: () => one }));
  const found = await readDropped({ items, files: [] });
  assert.deepEqual(
    found.files.map(({ path }) => path),
    ["src/a.py", "src/deep/b.py", "d.py"],
  );
  assert.deepEqual([...found.left].sort(), [".DS_Store", "locked", "node_modules"]);
  assert.equal(found.isCut, false);
});

test("a folder that was chosen keeps its paths, and too many files are cut", () => {
  const files = Array.from({ length: 1_001 }, (_, at) => ({
    name: `${at}`,
    webkitRelativePath: `src/${at}`,
  }));
  const found = readChosen([{ name: "x", webkitRelativePath: "src/.git/x" }, ...files]);
  assert.equal(found.files.length, 1_000);
  assert.equal(found.files[0].path, "src/0");
  assert.equal(found.isCut, true);
  assert.deepEqual([...found.left], [".git"]);
});

/** Uploads whose answers the test gives. */
function bench() {
  const asked = [];
  const send = (_url, _csrf, fields, { onProgress, signal }) =>
    new Promise((resolve) => {
      const answer = (status, body) => resolve({ status, body });
      signal.addEventListener("abort", () => answer(0, null));
      asked.push({ ...fields, answer, onProgress });
    });
  return { asked, uploads: createUploads({ url: "/", csrf: "", send, pause: 1 }) };
}

const file = (path, size = 10) => ({ path, file: { size } });
const states = ({ items }) => items.map(({ path, state }) => [path, state]);

test("two files are sent at once, and the others after them", async () => {
  const { asked, uploads } = bench();
  uploads.add([file("a"), file("b"), file("c")]);
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["a", "b"],
  );
  asked[0].onProgress(500);
  assert.equal(uploads.items[0].sent, 10);
  asked[0].answer(200, { path: "a" });
  await settled();
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["a", "b", "c"],
  );
});

test("a file that is too large is not sent", () => {
  const { asked, uploads } = bench();
  uploads.add([file("huge", 8 * 1024 * 1024 + 1)]);
  assert.equal(asked.length, 0);
  assert.equal(uploads.items[0].state, "refused");
  assert.match(uploads.items[0].message, /larger than 8 MB/);
});

test("a name that is taken is sent again as the person says, under the same id", async () => {
  const { asked, uploads } = bench();
  uploads.add([file("a")]);
  asked[0].answer(409, { code: "exists", message: "There is one." });
  await settled();
  assert.deepEqual(states(uploads), [["a", "refused"]]);
  uploads.retry(uploads.items[0], "both");
  assert.deepEqual([asked[1].mode, asked[1].id], ["both", asked[0].id]);
  asked[1].answer(200, { path: "a_2" });
  await settled();
  assert.deepEqual(states(uploads), [["a_2", "stored"]]);
});

test("a broken connection is tried again by itself, then said", async () => {
  const { asked, uploads } = bench();
  uploads.add([file("a")]);
  for (let tried = 0; tried < 4; tried += 1) {
    assert.equal(asked.length, tried + 1);
    asked[tried].answer(tried === 1 ? 503 : 0, tried === 1 ? { retryable: true } : null);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(asked.length, 4);
  assert.match(uploads.items[0].message, /connection/);
});

test("stopping leaves what is stored and sends nothing more", async () => {
  const { asked, uploads } = bench();
  const changed = mock.fn();
  uploads.on("change", changed);
  uploads.add([file("a"), file("b"), file("c")]);
  asked[0].answer(200, { path: "a" });
  await settled();
  uploads.stop();
  await settled();
  assert.deepEqual(
    uploads.items.map(({ state }) => state),
    ["stored", "stopped", "stopped"],
  );
  assert.equal(asked.length, 3);
  assert.ok(changed.mock.callCount() > 0);
  uploads.add([file("d")]);
  assert.deepEqual(states(uploads), [["d", "sending"]]);
});
