// Turns the npm packages the browser needs into static/vendor/ (git-ignored).
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { strictStyles } from "./strictstyles.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const vendor = path.join(here, "..", "static", "vendor");
const require = createRequire(import.meta.url);

const LATIN =
  "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329," +
  "U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD";
const LATIN_EXT =
  "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329," +
  "U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF";

const FONTS = [
  { family: "Inter Variable", package: "inter", subset: "latin", weights: "100 900", range: LATIN },
  {
    family: "Inter Variable",
    package: "inter",
    subset: "latin-ext",
    weights: "100 900",
    range: LATIN_EXT,
  },
  {
    family: "JetBrains Mono Variable",
    package: "jetbrains-mono",
    subset: "latin",
    weights: "100 800",
    range: LATIN,
  },
];

/** Python for the browser: what runs where the server has no sandbox (docs/sandbox.md). */
const PYODIDE = [
  "pyodide.mjs",
  "pyodide.asm.mjs",
  "pyodide.asm.wasm",
  "pyodide-lock.json",
  "python_stdlib.zip",
];

/** Made by the set-up, from packages that are not npm's. */
const KEPT = ["python"];

function fontFace(font, file) {
  return `@font-face {
  font-family: "${font.family}";
  font-style: normal;
  font-display: swap;
  font-weight: ${font.weights};
  src: url("${file}") format("woff2");
  unicode-range: ${font.range};
}
`;
}

async function copyFonts() {
  const target = path.join(vendor, "fonts");
  await mkdir(target, { recursive: true });
  const faces = [];
  for (const font of FONTS) {
    const file = `${font.package}-${font.subset}-wght-normal.woff2`;
    const source = require.resolve(`@fontsource-variable/${font.package}/files/${file}`);
    await copyFile(source, path.join(target, file));
    faces.push(fontFace(font, file));
  }
  await writeFile(path.join(target, "fonts.css"), faces.join("\n"));
}

async function bundleModules() {
  await build({
    entryPoints: ["codemirror.js", "idb.js", "markdown.js", "xterm.js"].map((name) =>
      path.join(here, name),
    ),
    plugins: [strictStyles],
    outdir: vendor,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "eof",
    logLevel: "warning",
  });
}

/** In a layer below the pages' own, so that theirs may differ. */
async function copyTerminalStyles() {
  const css = await readFile(require.resolve("@xterm/xterm/css/xterm.css"), "utf8");
  await writeFile(path.join(vendor, "xterm.css"), `@layer components {\n${css}}\n`);
}

async function copyPyodide() {
  const target = path.join(vendor, "pyodide");
  await mkdir(target, { recursive: true });
  const source = path.dirname(require.resolve("pyodide/package.json"));
  for (const file of PYODIDE) await copyFile(path.join(source, file), path.join(target, file));
}

async function clean() {
  await mkdir(vendor, { recursive: true });
  const found = (await readdir(vendor)).filter((name) => !KEPT.includes(name));
  await Promise.all(found.map((name) => rm(path.join(vendor, name), { recursive: true })));
}

await clean();
await Promise.all([bundleModules(), copyFonts(), copyPyodide(), copyTerminalStyles()]);
