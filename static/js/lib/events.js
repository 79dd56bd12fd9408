// A minimal event emitter: on(name, handler) gives back its own removal.

export function createEmitter() {
  const handlers = new Map();

  function on(name, handler) {
    if (!handlers.has(name)) handlers.set(name, new Set());
    handlers.get(name).add(handler);
    return () => handlers.get(name)?.delete(handler);
  }

  function emit(name, ...values) {
    for (const handler of [...(handlers.get(name) ?? [])]) handler(...values);
  }

  return { on, emit };
}
