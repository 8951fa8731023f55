// Fields of the session that a process is in: an entry from outside (ssh, console, su, exec into a container) and all that descends from it. By the rules of
// `wasprey activity` (host/fields/entry.ts). Modules do not read them: host/compiler/conditions/session-checks.ts.

import type { EntryFact, Field } from './field.ts';

function fact(of: EntryFact, description: string): Field {
  return { name: `session.${of}`, type: 'CHARBUF', description, source: { from: 'entry', fact: of } };
}

export const SESSION_FIELDS: readonly Field[] = [
  fact(
    'kind',
    'How the session was entered that the process is in: ssh, console, su (and sudo, doas), exec (into a container), cron, service, container (its own program) or other.',
  ),
  fact('id', 'Its id, as `wasprey activity` has it.'),
  fact('user', 'Who is in it: of ssh and console who logged in, else the user of its first program.'),
  fact('tty', 'Terminal of its first program: pts/0; absent without one.'),
  fact(
    'source',
    'Address and port that its ssh connection came from, also below su and sudo, by the socket of sshd; absent if it is not known for sure.',
  ),
  { ...fact('ip', 'The address of session.source.'), type: 'IPADDR' },
  {
    ...fact('net', 'Network of the address of session.source.'),
    ...{ type: 'IPNET', filterOnly: true, noTransformer: true, noRightSide: true },
  },
];

/** Whether a field is of the connection that a session by ssh came by, which is read from the sockets of a running sshd. */
export function isOfSshPeer(field: string): boolean {
  return SSH_PEER.has(field);
}

const SSH_PEER: ReadonlySet<string> = new Set(['session.source', 'session.ip', 'session.net']);
