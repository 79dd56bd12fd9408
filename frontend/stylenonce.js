// Style elements that the strict policy lets through: each carries the nonce of the page.
let nonce = "";

export function setStyleNonce(value) {
  nonce = value;
}

export function createStyle(ownerDocument) {
  const style = ownerDocument.createElement("style");
  style.nonce = nonce;
  return style;
}
