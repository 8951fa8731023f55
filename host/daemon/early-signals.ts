// Signals from the first moment on that JavaScript runs: until a run has handlers of its own, SIGUSR1 would open Node's inspector, and SIGHUP
// would end it. Imported before everything else.

/** Without a terminal SIGHUP means that `run` reloads its rules; everything else ends with its terminal. */
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
