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

    /** What is no text is kept as it is. */
    send(message) {
      this.sent.push(typeof message === "string" ? JSON.parse(message) : message);
    }

    close(code = 1000) {
      this.closed = code;
    }

    receive(frame) {
      this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
    }

    receiveBytes(data) {
      this.dispatchEvent(Object.assign(new Event("message"), { data }));
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
