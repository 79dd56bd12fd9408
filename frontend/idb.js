// IndexedDB with promises: what the page's own stores use.
export { openDB } from "idb";
