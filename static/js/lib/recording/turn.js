// One window of a browser records an interview; when it dies or lets go, the next one takes over.

/**
 * take() resolves once no other window records; the turn is then held until this page dies or calls release(). onWait
 * is called when another window has it now.
 */
export function createTurn(name, locks) {
  let isMine = false;
  let letGo = null;

  function request(options) {
    return new Promise((resolve) => {
      locks.request(name, options, (lock) => {
        isMine = lock !== null;
        resolve();
        if (!isMine) return null;
        return new Promise((end) => {
          letGo = end;
        });
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
    release() {
      isMine = false;
      letGo?.();
      letGo = null;
    },
  };
}
