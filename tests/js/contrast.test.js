// Every pair of colours that meets on screen is readable in both themes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../../static/css/tokens.css", import.meta.url), "utf8");
const PAIR = /--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g;
const tokens = new Map();
for (const [, name, light, dark] of css.matchAll(PAIR)) tokens.set(name, { light, dark });

function luminance(hex) {
  const channels = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
}

function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const grounds = ["sunken", "page", "surface", "raised", "hover"];
const code = ["keyword", "string", "number", "comment", "function", "type", "meta"];
const origins = ["candidate", "assistant", "pasted", "command", "starter", "interviewer"];
const TEXT = [
  ...grounds.flatMap((ground) => [
    ["text", ground],
    ["text-muted", ground],
    ["accent", ground],
    ["warning", ground],
    ["danger", ground],
  ]),
  ["on-accent", "accent"],
  ["on-accent", "accent-hover"],
  ["on-danger", "danger"],
  ["on-danger", "danger-hover"],
  ...["text", "text-muted", "accent"].map((name) => [name, "accent-soft"]),
  ...["text", "text-muted", "warning"].map((name) => [name, "warning-soft"]),
  ...["text", "text-muted", "danger"].map((name) => [name, "danger-soft"]),
  ...code.flatMap((name) => ["surface", "sunken", "code-line"].map((on) => [`code-${name}`, on])),
  ...["code-selection", "code-match"].map((ground) => ["text", ground]),
  ...origins.map((name) => [`origin-${name}`, "surface"]),
];
const PARTS = [
  ...grounds.map((ground) => ["line-strong", ground]),
  ...grounds.map((ground) => ["focus", ground]),
  ...origins.flatMap((name) => [
    [`origin-${name}`, "page"],
    [`origin-${name}`, "sunken"],
  ]),
];

for (const theme of ["light", "dark"]) {
  for (const [pairs, least] of [
    [TEXT, 4.5],
    [PARTS, 3],
  ]) {
    for (const [front, back] of pairs) {
      test(`${front} on ${back} reaches ${least} in ${theme}`, () => {
        const ratio = contrast(tokens.get(front)[theme], tokens.get(back)[theme]);
        assert.ok(ratio >= least, `${ratio.toFixed(2)} is too little`);
      });
    }
  }
}
