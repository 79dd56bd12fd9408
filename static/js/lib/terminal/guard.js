// What a program prints is hostile: it may draw, and nothing else. No title, no clipboard, no colours of the frame; it
// is answered only where a person drives, and only what it asked just now.

/** Titles and the clipboard, as far as the terminal knows them. */
const IGNORED_OSC = [0, 1, 2, 52];
const COLOUR_OSC = [10, 11, 12];
const QUERIES = [
  { final: "c" },
  { prefix: ">", final: "c" },
  { final: "n" },
  { prefix: "?", final: "n" },
  { intermediates: "$", final: "p" },
  { prefix: "?", intermediates: "$", final: "p" },
];
const WINDOW = { final: "t" };
const SETTINGS = { intermediates: "$", final: "q" };

const isQuestion = (data) => data.split(";").every((one) => one === "?");

// Signs put over one letter without end take the browser minutes to draw. xterm.js keeps a number for each sign it has
// read: the lowest bit says that it joins the one before, the next two how wide it is; ours counts in those above.
const MOST_MARKS = 8;
const JOINS = 1;
const PLAIN = 7;
const COUNT_AT = 3;
const ONE_CELL = 2;

/** Has a sign too many begin a cell of its own. xterm.js offers no way to ask for its own widths but the inner one. */
function boundMarks({ _core: { unicodeService: service } }) {
  const known = service._activeProvider;
  service.register({
    version: "bounded",
    wcwidth: (code) => known.wcwidth(code),
    charProperties(code, before) {
      const found = known.charProperties(code, before);
      if (!(found & JOINS)) return found;
      const count = (before >> COUNT_AT) + 1;
      return count > MOST_MARKS ? ONE_CELL : (count << COUNT_AT) | (found & PLAIN);
    },
  });
  service.activeVersion = "bounded";
}

/** mayAnswer() says whether what is being read now may be answered. */
export function guardOutput(term, mayAnswer) {
  const { parser } = term;
  boundMarks(term);
  for (const code of IGNORED_OSC) parser.registerOscHandler(code, () => true);
  for (const code of COLOUR_OSC) {
    parser.registerOscHandler(code, (data) => !(isQuestion(data) && mayAnswer()));
  }
  parser.registerOscHandler(4, () => true);
  for (const query of QUERIES) parser.registerCsiHandler(query, () => !mayAnswer());
  parser.registerDcsHandler(SETTINGS, () => !mayAnswer());
  parser.registerCsiHandler(WINDOW, () => true);
}

/** Calls ring() at most once in `every` milliseconds, however often a program rings. */
export function createBell(ring, { every = 1_000, now = () => performance.now() } = {}) {
  let last = -Infinity;
  return () => {
    if (now() - last < every) return;
    last = now();
    ring();
  };
}
