// What goes along with a problem report: facts about the browser and the page, never what the person wrote.

const sources = new Map();

/** A part of the page adds its own facts: source() gives a small plain object. */
export function addDiagnostics(name, source) {
  sources.set(name, source);
}

export function collectDiagnostics() {
  const connection = navigator.connection;
  const facts = {
    page: location.pathname.replace(/^\/i\/[^/]+/, "/i/…"),
    at: new Date().toISOString(),
    browser: navigator.userAgent,
    language: navigator.language,
    online: navigator.onLine,
    window: `${innerWidth}×${innerHeight} @${devicePixelRatio}`,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    secure_context: isSecureContext,
    recorder: typeof MediaRecorder === "function",
  };
  if (connection) facts.network = `${connection.effectiveType}, ${connection.rtt} ms`;
  for (const [name, source] of sources) {
    try {
      facts[name] = source();
    } catch (error) {
      facts[name] = `unavailable: ${error.name}`;
    }
  }
  return facts;
}
