// A picture from the clipboard or a file: drawn anew as small as it must be, and sent to the server.
import { gettext } from "./i18n.js";
import { fitSides, listTries } from "./pictureplan.js";

function draw(bitmap, sides) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, sides);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, sides.width, sides.height);
  return canvas;
}

const toBlob = (canvas, type, quality) =>
  new Promise((resolve) => canvas.toBlob(resolve, type, quality));

/** The picture as a blob of at most `bytes`, its longer side at most `long_edge`; what the file knew besides is gone. */
export async function shrinkPicture(file, { bytes, long_edge: longEdge }) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(gettext("This picture could not be read."));
  }
  const sides = fitSides(bitmap, longEdge);
  for (const { type, quality, factor } of listTries()) {
    const smaller = fitSides(sides, Math.max(sides.width, sides.height) * factor);
    const blob = await toBlob(draw(bitmap, smaller), type, quality);
    // A browser that does not know a type writes another one.
    if (blob?.type === type && blob.size <= bytes) return blob;
  }
  throw new Error(gettext("This picture could not be made small enough to be sent."));
}

/** Sends a picture: {image, url, width, height}. Throws an Error with words for the person. */
export async function sendPicture(blob, { url, csrf, id = crypto.randomUUID() }) {
  const body = new FormData();
  body.set("id", id);
  body.set("file", blob, "picture");
  let response;
  try {
    response = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": csrf } });
  } catch {
    throw new Error(gettext("The picture was not sent: there is no connection."));
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.message || gettext("The picture was not taken."));
  return answer;
}
