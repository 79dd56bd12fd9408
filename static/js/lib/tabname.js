// What the server tells windows of one candidate apart by: a name of this tab, which stays when it is loaded anew, and
// one of this browser.
const TAB_KEY = "interviewlm:tab";
const BROWSER_KEY = "interviewlm:browser";
// A page that is loaded anew may have to wait until the one before has let go of its name.
const FREE_WITHIN_MS = 1_000;

function newName() {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 20);
}

function open(name) {
  try {
    return globalThis[name];
  } catch {
    return null;
  }
}

/** The stored name, or a new one; a browser that stores nothing gets a name that nothing else has. */
function recall(storage, key, fresh) {
  try {
    const found = fresh ? null : storage.getItem(key);
    const name = found || newName();
    if (name !== found) storage.setItem(key, name);
    return name;
  } catch {
    return newName();
  }
}

function hold(locks, name, wait) {
  return new Promise((resolve) => {
    const keep = () => {
      resolve(true);
      return new Promise(() => {});
    };
    const patience = new AbortController();
    setTimeout(() => patience.abort(), wait);
    const options = { signal: patience.signal };
    locks.request(`${TAB_KEY}:${name}`, options, keep).catch(() => resolve(false));
  });
}

/**
 * Resolves with {tab, browser}. A tab that was duplicated has the storage of the other, which still holds the name:
 * it gets one of its own.
 */
export async function nameTab(options = {}) {
  const { session = open("sessionStorage"), local = open("localStorage") } = options;
  const { locks = globalThis.navigator?.locks, wait = FREE_WITHIN_MS } = options;
  const browser = recall(local, BROWSER_KEY);
  const tab = recall(session, TAB_KEY);
  if (!locks || (await hold(locks, tab, wait))) return { tab, browser };
  const own = recall(session, TAB_KEY, true);
  await hold(locks, own, wait);
  return { tab: own, browser };
}
