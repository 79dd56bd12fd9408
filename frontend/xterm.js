// The terminal's emulator as one module; strictstyles.mjs says what is changed in it.
export { FitAddon } from "@xterm/addon-fit";
export { Terminal } from "@xterm/xterm";
export { setStyleNonce } from "./stylenonce.js";
