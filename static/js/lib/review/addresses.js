// Signed addresses of parts: asked for when something is played, renewed before they run out.

const EARLY_MS = 60_000;

/** Why there is no address: "gone", "forbidden" or "network". */
export class AddressError extends Error {
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

const KINDS = { 401: "forbidden", 403: "forbidden", 404: "gone" };

export function createAddresses({ fetch: ask = (...args) => fetch(...args), now = Date.now } = {}) {
  const known = new Map();

  async function load(part) {
    let answer;
    try {
      answer = await ask(part.address, { headers: { Accept: "application/json" } });
    } catch {
      throw new AddressError("network");
    }
    if (!answer.ok) throw new AddressError(KINDS[answer.status] ?? "network");
    const { url, expires_at: expires } = await answer.json();
    // By the server's clock: this one may be wrong.
    const then = Date.parse(answer.headers.get("Date") ?? "") || now();
    return { url, until: now() + (Date.parse(expires) - then) };
  }

  function isStale(part) {
    const held = known.get(part.id);
    return !held?.until || held.until - now() < EARLY_MS;
  }

  /** The address of a part; a new one where the old one is about to run out. */
  async function get(part) {
    if (isStale(part)) {
      const pending = known.get(part.id)?.pending ?? load(part);
      known.set(part.id, { pending });
      try {
        known.set(part.id, await pending);
      } catch (error) {
        known.delete(part.id);
        throw error;
      }
    }
    return known.get(part.id).url;
  }

  return { get, isStale, forget: (part) => known.delete(part.id) };
}
