// The description and options of the program itself.

export const PROGRAM = {
  description: 'Wasprey watches the system calls of a Linux node and raises alerts by rules in the format of Falco.',
  options: {
    help: {
      kind: 'flag',
      short: 'h',
      description: 'Show this help; `wasprey COMMAND --help` shows that of a command, with examples.',
    },
    version: { kind: 'flag', short: 'V', description: 'Show the version.' },
  },
  status:
    '0 when all is well, 1 when something failed (a bad rule, a missing file, no privilege), 2 for wrong arguments.',
} as const;
