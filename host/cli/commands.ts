// All commands. A command's module is loaded only when it is run: `wasprey list` need not load the compiler.

import type { CommandEntry } from './definition/command.ts';

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'Watch this machine and print alerts.',
    begin: async () => (await import('../engine/host/idle-worker.ts')).beginIdleWorker(),
    load: async () => (await import('./commands/run.ts')).RUN,
  },
  {
    name: 'status',
    summary: 'Show the state of a running agent.',
    load: async () => (await import('./commands/status.ts')).STATUS,
  },
  {
    name: 'console',
    summary: "Open the page of this machine's agent in a browser.",
    load: async () => (await import('./commands/console.ts')).CONSOLE,
  },
  {
    name: 'reload',
    summary: 'Make a running agent reload its rules.',
    load: async () => (await import('./commands/reload.ts')).RELOAD,
  },
  {
    name: 'log-level',
    summary: "Show or set the level of a running agent's messages.",
    load: async () => (await import('./commands/log-level.ts')).LOG_LEVEL,
  },
  {
    name: 'top',
    summary: 'Show what rules cost and how often they match, live.',
    load: async () => (await import('./commands/top.ts')).TOP,
  },
  {
    name: 'doctor',
    summary: 'Check whether an agent works on this machine.',
    load: async () => (await import('./commands/doctor.ts')).DOCTOR,
  },
  {
    name: 'capture',
    summary: 'Record what happens on this machine to a file.',
    load: async () => (await import('./commands/capture.ts')).CAPTURE,
  },
  {
    name: 'captures',
    summary: 'List the captures that alerts started, and show what happened before and after.',
    load: async () => (await import('./commands/captures.ts')).CAPTURES,
  },
  {
    name: 'responses',
    summary: 'Check, list and undo responses to alerts.',
    load: async () => (await import('./commands/responses.ts')).RESPONSES,
  },
  {
    name: 'replay',
    summary: 'Evaluate rules on a recording.',
    load: async () => (await import('./commands/replay.ts')).REPLAY,
  },
  {
    name: 'backtest',
    summary: 'Show what rules would have done in the past.',
    load: async () => (await import('./commands/backtest.ts')).BACKTEST,
  },
  {
    name: 'activity',
    summary: 'Show who was on this machine and in its containers, and what they did.',
    load: async () => (await import('./commands/activity.ts')).ACTIVITY,
  },
  {
    name: 'tune',
    summary: 'Propose exceptions for a rule from the events that it matched.',
    load: async () => (await import('./commands/tune.ts')).TUNE,
  },
  {
    name: 'export',
    summary: 'Write recordings as a capture that Falco and sysdig read.',
    load: async () => (await import('./commands/export.ts')).EXPORT,
  },
  {
    name: 'compile',
    summary: 'Compile rules to a module that `run` loads.',
    load: async () => (await import('./commands/compile.ts')).COMPILE,
  },
  {
    name: 'inspect',
    summary: 'Show the contents of a module, and the proof of its code.',
    load: async () => (await import('./commands/inspect.ts')).INSPECT,
  },
  {
    name: 'keygen',
    summary: 'Make a pair of keys to sign modules with.',
    load: async () => (await import('./commands/keygen.ts')).KEYGEN,
  },
  {
    name: 'sign',
    summary: 'Add a signature to a module.',
    load: async () => (await import('./commands/sign.ts')).SIGN,
  },
  {
    name: 'verify',
    summary: 'Check a module and its signature as an agent would.',
    load: async () => (await import('./commands/verify.ts')).VERIFY,
  },
  {
    name: 'push',
    summary: 'Push a module to an OCI registry.',
    load: async () => (await import('./commands/push.ts')).PUSH,
  },
  {
    name: 'pull',
    summary: 'Fetch a module or rule files from an OCI registry.',
    load: async () => (await import('./commands/pull.ts')).PULL,
  },
  {
    name: 'validate',
    summary: 'Check rule files.',
    load: async () => (await import('./commands/validate.ts')).VALIDATE,
  },
  {
    name: 'test',
    summary: 'Run unit tests of rules.',
    load: async () => (await import('./commands/test.ts')).TEST,
  },
  {
    name: 'lint',
    summary: 'Find probable mistakes in rules.',
    load: async () => (await import('./commands/lint.ts')).LINT,
  },
  {
    name: 'explain',
    summary: 'Show a rule expanded, with its cost.',
    load: async () => (await import('./commands/explain.ts')).EXPLAIN,
  },
  {
    name: 'config',
    summary: 'Show the effective configuration.',
    load: async () => (await import('./commands/config.ts')).CONFIG,
  },
  {
    name: 'audit-config',
    summary: 'Write the files that make an API server send its audit events.',
    load: async () => (await import('./commands/audit-config.ts')).AUDIT_CONFIG,
  },
  {
    name: 'generate',
    summary: 'Perform harmless attacks that rules detect, and verify the alerts.',
    load: async () => (await import('./commands/generate.ts')).GENERATE,
  },
  {
    name: 'list',
    summary: 'List events, fields or rules.',
    load: async () => (await import('./commands/list.ts')).LIST,
  },
  {
    name: 'completion',
    summary: 'Print a completion script for a shell.',
    load: async () => (await import('./commands/completion.ts')).completionCommand(() => COMMANDS),
  },
];
