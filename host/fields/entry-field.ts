// Values of the fields of the session that a process is in.

import type { EntryFact } from '../schema/fields/field.ts';
import type { ReadContext } from './context.ts';
import { terminalName } from './doors.ts';
import { doorsOf, type Entry, entryId, entryOf, sshEntryOf } from './entry.ts';
import type { ImageRecord } from './record.ts';
import { type Absent, type FieldValue, text } from './value.ts';

const UNSET_ID = 0xffffffff;
const LESS_THAN = 0x3c;

export function entryField(fact: EntryFact, image: ImageRecord, context: ReadContext): FieldValue | Absent {
  const value = factOf(fact, image, context);
  return value === undefined ? undefined : text(value);
}

function factOf(fact: EntryFact, image: ImageRecord, context: ReadContext): string | Uint8Array | undefined {
  if (fact === 'source') {
    const ssh = context.sshPeers && sshEntryOf(image);
    return ssh && context.sshPeers?.of(doorsOf(ssh));
  }
  const entry = entryOf(image);
  if (!entry) return undefined;
  switch (fact) {
    case 'kind':
      return entry.kind;
    case 'id':
      return entryId(entry, context.hostname);
    case 'user':
      return userOf(entry);
    case 'tty':
      return terminalName(entry.first.number('tty'));
  }
}

/** Who logged in, which su does not change: by name, or by number if the machine has no name for it. */
function userOf({ kind, first }: Entry): string | Uint8Array {
  const isLogin = (kind === 'ssh' || kind === 'console') && first.number('login_uid') !== UNSET_ID;
  const [name, id] = isLogin ? (['login_name', 'login_uid'] as const) : (['user_name', 'uid'] as const);
  const bytes = first.bytes(name);
  // `<NA>` stands for a name that is not known.
  return bytes && bytes.length > 0 && bytes[0] !== LESS_THAN ? bytes : String(first.number(id));
}
