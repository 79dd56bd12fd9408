// Words that were not sent survive a reload, and so do those on their way until the server has them.

export function createDraft(key) {
  let underWay = "";
  let typed = "";

  function store() {
    const words = underWay && typed ? `${underWay}\n\n${typed}` : underWay || typed;
    try {
      if (words) sessionStorage.setItem(key, words);
      else sessionStorage.removeItem(key);
    } catch {
      // Storage is off: the words are in the box all the same.
    }
  }

  return {
    read() {
      try {
        typed = sessionStorage.getItem(key) ?? "";
      } catch {
        typed = "";
      }
      return typed;
    },
    keep(text) {
      typed = text;
      store();
    },
    send(text) {
      underWay = text;
    },
    sent(text) {
      underWay = "";
      typed = text;
      store();
    },
  };
}
