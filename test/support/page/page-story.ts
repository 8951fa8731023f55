// Rules and events for the views of the page: an attack in a container and on the host, with names that no page should take for its own.

import { event, process as processImage, shadowRead } from '../records/built-agent.ts';

/** HTML, an end of a script, marks that reorder and hide, a terminal's escape, a blank that is none. */
export const HOSTILE = '<img src=x onerror=alert(1)></script>\u202egnp.exe\u200b\u001b[31m\u00a0&amp;';

export const STORY_RULES = `
- list: readers
  items: [cat, less, tail]
- macro: opens
  condition: evt.type in (open, openat, openat2)
- macro: known_readers
  condition: proc.name in (sshd, sudo) or proc.pname = cron
- rule: Sensitive file read
  desc: A program read a file with passwords or keys that is not known to do so.
  condition: opens and fd.name in (/etc/shadow, /etc/gshadow) and (proc.name in (readers) or proc.aname = sshd) and not known_readers
  output: "Sensitive file read by %proc.name: %fd.name (user=%user.name command=%proc.cmdline pid=%proc.pid parent=%proc.pname container=%container.name)"
  priority: WARNING
  tags: [filesystem, T1003]
- rule: Program from a world-writable folder
  desc: A program was run from /tmp.
  condition: evt.type = execve and proc.exepath startswith /tmp/
  output: "%proc.exepath was run (command=%proc.cmdline container=%container.name)"
  priority: CRITICAL
  tags: [process, T1059]
- rule: File below /etc written
  desc: A file below /etc was opened for writing.
  condition: opens and evt.is_open_write = true and fd.name startswith /etc/
  output: "%fd.name opened for writing by %proc.name (container=%container.name)"
  priority: ERROR
- rule: Connection
  desc: A program connected to an address that is not known.
  condition: evt.type = connect and fd.sip != "10.0.0.1"
  output: "%proc.name connected to %fd.name (container=%container.name)"
  priority: NOTICE
`;

/** The line of processes from init to the one that reads, each a child of the one before. */
export function processesOfStory(): Uint8Array[] {
  const made = (id: number, comm: string, argv: readonly string[], exe: string, parent: number): Uint8Array =>
    processImage(id, {
      ...{ comm_bytes: comm, executable: exe, parent, pid: 500 + id },
      argv: argv.map((word) => `${word}\0`).join(''),
    });
  return [
    made(1, 'systemd', ['/sbin/init'], '/usr/lib/systemd/systemd', 0),
    made(2, 'sshd', ['sshd: alice [priv]'], '/usr/sbin/sshd', 1),
    made(3, 'bash', ['-bash'], '/usr/bin/bash', 2),
    made(4, 'cat', ['cat', '/etc/shadow'], '/usr/bin/cat', 3),
    made(5, HOSTILE.slice(0, 15), [HOSTILE, '--flag'], `/tmp/${HOSTILE}`, 3),
    made(6, 'vim', ['vim', '/etc/passwd'], '/usr/bin/vim', 3),
  ];
}

export function eventsOfStory(): Uint8Array[] {
  const hostile = `/etc/${HOSTILE}`;
  return [
    shadowRead(4),
    shadowRead(4),
    event('execve', 5, { result: 0 }),
    openForWriting(6, '/etc/passwd'),
    openForWriting(5, hostile),
    openForWriting(5, `/etc/${'x'.repeat(4000)}`),
  ];
}

function openForWriting(image: number, name: string): Uint8Array {
  return event('openat', image, {
    kind: 'f'.charCodeAt(0),
    dirfd: -100,
    open_flags: 2,
    name,
    raw: name,
    resolved: name,
  });
}
