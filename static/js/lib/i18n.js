// Marks and looks up the words shown to a person; the catalogue is a json_script of the page, English without one.

let catalogue = null;

function messages() {
  if (catalogue === null) {
    const element = globalThis.document?.getElementById("js-catalogue");
    catalogue = element ? JSON.parse(element.textContent) : {};
  }
  return catalogue;
}

export function gettext(message) {
  const found = messages()[message];
  return Array.isArray(found) ? found[0] : (found ?? message);
}

/** Two forms cover the languages offered so far; a catalogue entry is [singular, plural]. */
export function ngettext(singular, plural, count) {
  const found = messages()[singular];
  const forms = Array.isArray(found) ? found : [singular, plural];
  return count === 1 ? forms[0] : forms[1];
}

/** Fills %(name)s places, as Django's interpolate does with named values. */
export function interpolate(message, values) {
  return message.replace(/%\((\w+)\)s/g, (whole, name) => String(values[name] ?? whole));
}
