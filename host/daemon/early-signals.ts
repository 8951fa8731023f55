// Signals from the first moment on that JavaScript runs: until a run has handlers of its own, SIGUSR1 would open Node's inspector, and SIGHUP
// would end it. Imported before everything else.

/** An agent that no person reads goes on when it is told to read its rules anew; everything else ends with its terminal. */
const staysOnHangUp = process.argv[2] === 'run' && process.stdout.isTTY !== true;

let hungUp = false;

process.on('SIGUSR1', () => {});
if (staysOnHangUp) {
  process.on('SIGHUP', () => {
    hungUp = true;
  });
}

/** Whether a SIGHUP has come. */
export function hasHungUp(): boolean {
  return hungUp;
}
