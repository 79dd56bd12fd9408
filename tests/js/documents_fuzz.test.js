// Random work in several windows over a network that breaks: all of it is stored, once, and all see the same.
//
// DOCUMENTS_FUZZ=<first seed>:<rounds> runs other rounds than the few that are always run.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { LIMITS } from "../../static/js/lib/protocol.js";
import { createRandom } from "./random.js";
import { createRoom, createServer, settled } from "./simulated_room.js";

const STEPS = 150;
// What a page that is killed may not have written down yet.
const UNWRITTEN_MS = 250;
const PATHS = ["a/one.py", "a/two.py"];
const [first, rounds] = (process.env.DOCUMENTS_FUZZ ?? "1:40").split(":").map(Number);

const limits = { ...LIMITS };

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
  Object.assign(LIMITS, { PIECE_CHARS: 80, UPDATE_CHARS: 400 });
});

afterEach(() => {
  Object.assign(LIMITS, limits);
});

/** One round: `does` names what may happen beside typing and broken connections. */
function createRound(seed, does = []) {
  const random = createRandom(seed);
  const server = createServer();
  for (const path of PATHS) server.create(path, "first\nlast\n");
  const room = createRoom(server, random);
  const typed = new Map();
  const lost = new Set();
  const orphans = [];
  let renamed = 0;

  const docsOf = (page) =>
    page.documents.entries.map(({ path }) => page.documents.get(path)).filter(Boolean);

  async function pass(milliseconds) {
    mock.timers.tick(milliseconds);
    await settled();
  }

  function edit(page) {
    const [doc] = [random.pick([...docsOf(page), null])];
    if (!doc?.state || doc.state.readOnly) return;
    page.typed += 1;
    const token = `<${page.name}.${page.typed}>`;
    const { length } = doc.state.doc;
    const isLarge = random.below(8) === 0;
    const insert = isLarge ? token + "x😀".repeat(100) : token;
    const from = placeOutside(doc.state.doc.toString(), random.below(length + 1));
    if (does.includes("delete") && random.below(4) === 0) {
      doc.edited(doc.state.update({ changes: { from, to: length } }).state);
      return;
    }
    typed.set(token, { page: page.name, at: Date.now() });
    doc.edited(doc.state.update({ changes: { from, insert } }).state);
  }

  function reload(page, isKilled) {
    if (isKilled) {
      for (const [token, { page: name, at }] of typed) {
        if (name === page.name && Date.now() - at <= UNWRITTEN_MS) lost.add(token);
      }
    }
    room.close(page, { isKilled });
    if (room.pages.size === 0) enter();
  }

  function enter() {
    const page = room.open();
    page.documents.on("orphaned", (orphan) => orphans.push(orphan));
    page.socket.on("hello", ({ documents }) => {
      for (const { path } of documents) page.documents.open(path).catch(() => {});
    });
  }

  function elsewhere() {
    const path = random.pick([...server.files.keys()]);
    const { doc } = server.files.get(path);
    const at = placeOutside(`${doc}`, random.below(doc.length + 1));
    if (does.includes("rename") && random.below(6) === 0) {
      renamed += 1;
      server.rename(path, `a/${renamed}.py`);
    } else if (does.includes("replace") && random.below(6) === 0) server.replace(path);
    else server.change(path, random.insertion(at, doc.length));
  }

  async function step() {
    const pages = [...room.pages];
    const page = random.pick(pages);
    const dice = random.below(100);
    if (dice < 40) edit(page);
    else if (dice < 44) page.cut();
    else if (dice < 46) reload(page, does.includes("kill") && random.below(2) === 0);
    else if (dice < 48 && pages.length < 3) enter();
    else if (dice < 50) page.socket.send({ type: "presence.take" });
    else if (dice < 56) elsewhere();
    else if (dice < 70) await pass(random.below(400));
    await settled();
    for (let left = random.below(4); left > 0; left -= 1) await room.deliver();
  }

  const waits = () =>
    [...room.pages].filter(({ documents }) => documents.status.unsaved > 0 || !isOnline());
  const isOnline = () => [...room.pages].every(({ socket }) => socket.state === "online");

  /** The network holds; each window gets the writing until nothing waits in it. */
  async function comeToRest() {
    for (let turn = 0; turn < 400; turn += 1) {
      const [page] = waits();
      if (turn % 20 === 0) (page ?? [...room.pages][0]).socket.send({ type: "presence.take" });
      for (const { path, text } of orphans.splice(0)) server.putBack(path, text);
      while (await room.deliver());
      await pass(500);
      const isQuiet = waits().length === 0 && room.browser.table.rows.size === 0;
      if (isQuiet && turn > 20) return;
    }
    const states = [...room.pages].map(({ name, documents, socket }) => ({
      name,
      socket: socket.state,
      ...documents.status,
    }));
    assert.fail(`no rest: ${JSON.stringify(states)}`);
  }

  function check() {
    for (const [path, file] of server.files) {
      const names = file.log.map(({ client }) => client).filter((name) => name !== "other");
      assert.equal(new Set(names).size, names.length, `stored twice in ${path}`);
      for (const page of room.pages) {
        const doc = page.documents.get(path);
        if (!doc) continue;
        assert.equal(doc.state.doc.toString(), `${file.doc}`, `${page.name} shows another ${path}`);
        assert.equal(doc.version(), file.first + file.log.length);
      }
    }
    const found = countTokens([...server.files.values()].map(({ doc }) => `${doc}`).join(""));
    for (const token of typed.keys()) {
      const count = found.get(token) ?? 0;
      // A file put back has what its namesake has, too.
      assert.ok(count <= 1 || does.includes("replace"), `${token} is there ${count} times`);
      const isExcused = lost.has(token) || does.includes("delete");
      assert.ok(count > 0 || isExcused, `${token} is lost`);
    }
    assert.equal(room.browser.storage.length, 0);
  }

  return { step, enter, comeToRest, check, room };
}

/** Where histories do not meet, one edit may have come to stand in the middle of another. */
function countTokens(text) {
  const found = new Map();
  let rest = text.replaceAll(/[x😀]/gu, "");
  for (let before = null; before !== rest; ) {
    before = rest;
    rest = rest.replace(/<page\d+\.\d+>/g, (token) => {
      found.set(token, (found.get(token) ?? 0) + 1);
      return "";
    });
  }
  return found;
}

/** A place next to the nearest token's beginning: tokens stay whole. */
function placeOutside(text, at) {
  const open = text.lastIndexOf("<", at - 1);
  const isInside = open >= 0 && text.indexOf(">", open) >= at;
  const place = isInside ? open : at;
  return text.charCodeAt(place) >= 0xdc00 && text.charCodeAt(place) <= 0xdfff ? place - 1 : place;
}

async function run(seed, does) {
  const round = createRound(seed, does);
  round.enter();
  for (let count = 0; count < STEPS; count += 1) await round.step();
  await round.comeToRest();
  round.check();
  for (const page of [...round.room.pages]) round.room.close(page);
}

const KINDS = {
  "windows, reloads and broken connections": [],
  "killed pages": ["kill"],
  "deletions too": ["delete", "kill"],
  "files renamed and replaced": ["rename", "replace"],
};

for (const [name, does] of Object.entries(KINDS)) {
  test(`random work comes out the same everywhere: ${name}`, async () => {
    for (let seed = first; seed < first + rounds; seed += 1) {
      try {
        await run(seed, does);
      } catch (error) {
        error.message = `seed ${seed}: ${error.message}`;
        throw error;
      }
    }
  });
}
