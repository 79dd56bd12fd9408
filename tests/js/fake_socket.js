// A WebSocket whose other end is the test.

export function fakeSockets() {
  const made = [];

  class FakeWebSocket extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
      this.sent = [];
      this.closed = null;
      made.push(this);
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close(code = 1000) {
      this.closed = code;
    }

    receive(frame) {
      this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
    }

    end(code) {
      this.dispatchEvent(Object.assign(new Event("close"), { code }));
    }
  }

  return {
    WebSocket: FakeWebSocket,
    made,
    get last() {
      return made.at(-1);
    },
  };
}
