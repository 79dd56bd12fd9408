import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createPendingStore } from "../../static/js/lib/pendingstore.js";
import { memoryLocks, memoryStorage, memoryTable } from "./memory_browser.js";

const DAY_MS = 24 * 3600 * 1000;
let table;
let storage;
let locks;

function open(page, interview = "1") {
  return createPendingStore(interview, {
    page,
    openTable: table.open,
    locks: locks.of(page),
    storage,
  });
}

function entry(base = "abc", document = 7) {
  return { document, path: "a/b.py", version: 3, base, updates: [] };
}

async function settled() {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}

const left = async (store, page) => (await store.others(page)).map(({ base }) => base);

beforeEach(() => {
  table = memoryTable();
  storage = memoryStorage();
  locks = memoryLocks();
});

test("a page sees what others left of its interview, and not its own", async () => {
  const one = open("one");
  await one.save(entry("of one"));
  await open("two").save(entry("of two"));
  await open("one", "12").save(entry("of another interview"));
  assert.deepEqual(await left(one), ["of two"]);
  assert.deepEqual(await left(open("three")), ["of one", "of two"]);
  assert.deepEqual(await left(open("three"), "one"), ["of one"]);
});

test("what was said at the last moment counts more than what was written before", async () => {
  const one = open("one");
  await one.save(entry("before"));
  one.saveLast(entry("last"));
  assert.deepEqual(await left(open("two")), ["last"]);
});

test("what was said at the last moment of a page that stayed is put away with the next write", async () => {
  const one = open("one");
  one.saveLast(entry("not the last"));
  await one.save(entry("after"));
  assert.deepEqual([storage.length, await left(open("two"))], [0, ["after"]]);
  one.saveLast(entry("again"));
  await one.drop(7);
  assert.deepEqual([storage.length, table.rows.size], [0, 0]);
});

test("taking over puts one's own entry in the place of the other's", async () => {
  await open("one").save(entry("theirs"));
  const two = open("two");
  const [former] = await two.others();
  await two.takeOver(entry("theirs and mine"), former);
  assert.deepEqual(await left(open("three")), ["theirs and mine"]);
  assert.equal(table.rows.size, 1);
  await two.takeOver(null, { page: "two", document: 7 });
  assert.equal(table.rows.size, 0);
});

test("a page's work is taken over when it is gone, by one other at a time", async () => {
  open("one");
  const order = [];
  let release;
  const two = open("two").whenGone("one", async () => {
    order.push("two");
    await new Promise((resolve) => {
      release = resolve;
    });
  });
  const three = open("three").whenGone("one", async () => order.push("three"));
  await settled();
  assert.deepEqual(order, []);
  locks.end("one");
  await settled();
  assert.deepEqual(order, ["two"]);
  release();
  await Promise.all([two, three]);
  assert.deepEqual(order, ["two", "three"]);
});

test("where the table refuses, the smaller store keeps it and says nothing", async () => {
  const one = open("one");
  await settled();
  table.fault = new Error("QuotaExceededError");
  await one.save(entry("kept aside"));
  assert.equal(one.isKept, true);
  assert.deepEqual(await left(open("two")), ["kept aside"]);
});

test("where nothing keeps anything, it is told, and again when it does", async () => {
  const told = [];
  const one = open("one");
  one.on("kept", (isKept) => told.push(isKept));
  await settled();
  table.fault = new Error("QuotaExceededError");
  storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  await one.save(entry());
  await one.save(entry());
  table.fault = null;
  await one.save(entry());
  assert.deepEqual([told, one.isKept], [[false, true], true]);
});

test("a browser that keeps nothing at all is known from the start", async () => {
  table.fault = new Error("SecurityError");
  storage = null;
  const one = open("one");
  await settled();
  assert.equal(one.isKept, false);
  assert.deepEqual(await left(one), []);
});

test("what nobody came back for is forgotten", async () => {
  await open("one").save(entry("old"));
  for (const row of table.rows.values()) row.at -= 15 * DAY_MS;
  await open("one").save(entry("young", 8));
  const two = open("two");
  await settled();
  assert.deepEqual(await left(two), ["young"]);
});
