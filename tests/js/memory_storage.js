// localStorage for tests: its entries are its own keys, as in a browser.

export function memoryStorage() {
  const methods = {
    getItem(key) {
      return Object.hasOwn(this, key) ? this[key] : null;
    },
    setItem(key, value) {
      this[key] = String(value);
    },
    removeItem(key) {
      delete this[key];
    },
    get length() {
      return Object.keys(this).length;
    },
  };
  return Object.create(Object.create(null, Object.getOwnPropertyDescriptors(methods)));
}
