// How a picture is made small enough to be sent. No DOM here.

const TYPES = ["image/png", "image/jpeg", "image/webp"];

/** Its sides with the longer one no longer than longEdge, in whole pixels. */
export function fitSides({ width, height }, longEdge) {
  const factor = Math.min(1, longEdge / Math.max(width, height));
  const side = (length) => Math.max(1, Math.round(length * factor));
  return { width: side(width), height: side(height) };
}

/** What to try, in order, until one is small enough: {type, quality, factor}. Screens stay sharp as long as they can. */
export function listTries() {
  const tries = [
    { type: "image/png", quality: undefined, factor: 1 },
    { type: "image/webp", quality: 0.9, factor: 1 },
    { type: "image/jpeg", quality: 0.85, factor: 1 },
  ];
  for (const factor of [0.75, 0.5, 0.35]) {
    tries.push({ type: "image/webp", quality: 0.8, factor });
    tries.push({ type: "image/jpeg", quality: 0.75, factor });
  }
  return tries;
}

/** The pictures among files of a paste or a drop. */
export function pickPictures(files) {
  return [...files].filter(({ type }) => TYPES.includes(type) || type.startsWith("image/"));
}
