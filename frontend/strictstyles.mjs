// Has xterm.js style itself under the strict policy of our pages, which allows style elements with the nonce and no
// style attributes: its style elements get the nonce, and what it writes as an attribute goes through the CSSOM.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const helper = path.join(path.dirname(fileURLToPath(import.meta.url)), "stylenonce.js");

/** What is replaced, and how often it must be there: another version of xterm.js that differs stops the build. */
const CHANGES = [
  { from: /([\w.]+)\.createElement\("style"\)/g, to: "createStyle($1)", times: 3 },
  {
    from: /(\w+)\.setAttribute\("style",`\$\{\1\.getAttribute\("style"\)\|\|""\}\$\{(\w+)\};`\)/g,
    to: "$1.style.cssText+=$2",
    times: 1,
  },
];

function change(source) {
  let text = source;
  for (const { from, to, times } of CHANGES) {
    const found = text.match(from)?.length ?? 0;
    if (found !== times) throw new Error(`xterm.js has ${found} of ${from}, not ${times}`);
    text = text.replace(from, to);
  }
  return text;
}

export const strictStyles = {
  name: "strict-styles",
  setup(build) {
    build.onLoad({ filter: /@xterm[\\/]xterm[\\/]lib[\\/]xterm\.mjs$/ }, async ({ path: file }) => {
      const text = change(await readFile(file, "utf8"));
      return { contents: `import { createStyle } from ${JSON.stringify(helper)};\n${text}` };
    });
  },
};
