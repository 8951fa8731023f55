// Fields of the session that a process is in: an entry from outside (ssh, console, su, exec into a container) and all that descends from it. By the rules of
// `wasprey activity` (host/fields/entry.ts).

import type { EntryFact, Field } from './field.ts';

function fact(of: EntryFact, description: string): Field {
  return { name: `session.${of}`, type: 'CHARBUF', description, source: { from: 'entry', fact: of }, printOnly: true };
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
];
