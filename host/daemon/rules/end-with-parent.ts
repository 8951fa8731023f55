// Loaded as a worker, ends this process when the one that has started it is gone, however busy the main thread is.

const LOOK_EVERY_MS = 1_000;

const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, LOOK_EVERY_MS);
