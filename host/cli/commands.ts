// The commands there are. Each one's module is loaded only when it is called for: `wasprey list` need not load the compiler.

import type { CommandEntry } from './definition/command.ts';

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'Watch this machine and print alerts.',
    load: async () => (await import('./commands/run.ts')).RUN,
  },
  {
    name: 'status',
    summary: 'Tell what a running agent does.',
    load: async () => (await import('./commands/status.ts')).STATUS,
  },
  {
    name: 'reload',
    summary: 'Have a running agent read its rules anew.',
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
    summary: 'Check whether this machine has what an agent needs.',
    load: async () => (await import('./commands/doctor.ts')).DOCTOR,
  },
  {
    name: 'capture',
    summary: 'Record what happens on this machine to a file.',
    load: async () => (await import('./commands/capture.ts')).CAPTURE,
  },
  {
    name: 'replay',
    summary: 'Evaluate rules on a recording.',
    load: async () => (await import('./commands/replay.ts')).REPLAY,
  },
  {
    name: 'compile',
    summary: 'Compile rules to a module that `run` loads.',
    load: async () => (await import('./commands/compile.ts')).COMPILE,
  },
  {
    name: 'inspect',
    summary: 'Show what is in a module, and what is proven of it.',
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
    summary: 'Find what rules say that is probably not meant.',
    load: async () => (await import('./commands/lint.ts')).LINT,
  },
  {
    name: 'explain',
    summary: 'Show what a rule comes to, and what it costs.',
    load: async () => (await import('./commands/explain.ts')).EXPLAIN,
  },
  {
    name: 'config',
    summary: 'Show what a configuration comes to.',
    load: async () => (await import('./commands/config.ts')).CONFIG,
  },
  {
    name: 'generate',
    summary: 'Act out what rules tell of, and verify the alerts.',
    load: async () => (await import('./commands/generate.ts')).GENERATE,
  },
  {
    name: 'list',
    summary: 'List the events, fields or rules there are.',
    load: async () => (await import('./commands/list.ts')).LIST,
  },
  {
    name: 'completion',
    summary: 'Print a script for completion by a shell.',
    load: async () => (await import('./commands/completion.ts')).completionCommand(() => COMMANDS),
  },
];
