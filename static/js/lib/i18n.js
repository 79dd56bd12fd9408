// Marks and looks up the words shown to a person; the catalogue is a json_script of the page, English without one.

const CATEGORIES = ["zero", "one", "two", "few", "many", "other"];
let catalogue = null;
let rules = null;

function messages() {
  if (catalogue === null) {
    const element = globalThis.document?.getElementById("js-catalogue");
    catalogue = element ? JSON.parse(element.textContent) : {};
  }
  return catalogue;
}

/** The forms of a language stand in the order of the categories its plurals have. */
function formOf(forms, count) {
  rules ??= new Intl.PluralRules(document.documentElement.lang || undefined);
  const known = rules.resolvedOptions().pluralCategories;
  const ordered = CATEGORIES.filter((name) => known.includes(name));
  return forms[Math.min(ordered.indexOf(rules.select(count)), forms.length - 1)];
}

export function gettext(message) {
  const found = messages()[message];
  return (Array.isArray(found) ? found[0] : found) || message;
}

/** A catalogue entry with plurals is a list of all its forms. */
export function ngettext(singular, plural, count) {
  const found = messages()[singular];
  if (Array.isArray(found)) return formOf(found, count);
  return count === 1 ? singular : plural;
}

/** Fills %(name)s places, as Django's interpolate does with named values. */
export function interpolate(message, values) {
  return message.replace(/%\((\w+)\)s/g, (whole, name) => String(values[name] ?? whole));
}
