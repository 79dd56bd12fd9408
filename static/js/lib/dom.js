// Small helpers over the DOM; text always goes in as text.

/** Makes an element: attributes by name, on* as listeners, children as nodes or text. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "onclick") node.addEventListener("click", value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function readJson(id) {
  const node = document.getElementById(id);
  return node ? JSON.parse(node.textContent) : null;
}

const SHAPES = {
  file: "M4 1.75h5L12.25 5v9.25H4ZM9 1.75V5h3.25",
  plus: "M8 3v10M3 8h10",
  close: "m4 4 8 8M12 4l-8 8",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  chevron: "m6 3.5 4.5 4.5L6 12.5",
  down: "m3.5 6 4.5 4.5L12.5 6",
  pencil: "M10.5 3 13 5.5 5.5 13H3v-2.5Z",
  binary: "M4 1.75h5L12.25 5v9.25H4ZM9 1.75V5h3.25M6.5 8h.01M9.75 8h.01M6.5 11h.01M9.75 11h.01",
  picture: "M2.25 3h11.5v10H2.25ZM5.25 6.25h.01M2.25 11.5 6 8l2.75 2.5L10.5 9l3.25 2.75",
  link: "M9.25 3.5h3.25v3.25M12.5 3.5 7 9M12.25 9.25v3.5h-9v-9h3.5",
  download: "M8 2.5v8M4.75 7.25 8 10.5l3.25-3.25M3 13.25h10",
  "thumb-up":
    "M5 7.25v6M5 7.25H2.5v6H5M5 7.25l2.5-5c1.2 0 1.8.9 1.6 2l-.4 2.5h3.5c.9 0 1.5.8 1.3 1.7l-.9 3.5c-.2.8-.8 1.3-1.6 1.3H5",
  "thumb-down":
    "M11 8.75v-6M11 8.75h2.5v-6H11M11 8.75l-2.5 5c-1.2 0-1.8-.9-1.6-2l.4-2.5H3.8c-.9 0-1.5-.8-1.3-1.7l.9-3.5c.2-.8.8-1.3 1.6-1.3H11",
  bin: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 8.75h6l.5-8.75",
};

/** One of the line icons above; decoration only, the control it sits in carries the name. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}
