// One window of a browser records an interview; when it dies, the next one takes over.

/**
 * take() resolves once no other window records; the turn is then held until this page dies. onWait is called when
 * another window has it now.
 */
export function createTurn(name, locks) {
  let isMine = false;

  function request(options) {
    return new Promise((resolve) => {
      locks.request(name, options, (lock) => {
        isMine = lock !== null;
        resolve();
        return isMine ? new Promise(() => {}) : null;
      });
    });
  }

  return {
    async take(onWait) {
      if (!isMine) await request({ ifAvailable: true });
      if (isMine) return;
      onWait();
      await request({});
    },
  };
}
