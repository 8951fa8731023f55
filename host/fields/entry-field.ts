// Values of the fields of the session that a process is in.

import type { EntryFact } from '../schema/fields/field.ts';
import type { ReadContext } from './context.ts';
import { doorsOf, type Entry, entryId, entryOf, sshEntryOf } from './entry.ts';
import { terminalName } from './entry-programs.ts';
import type { ImageRecord } from './record.ts';
import { type Absent, type FieldValue, text } from './value.ts';

const UNSET_ID = 0xffffffff;
const LESS_THAN = 0x3c;

export function entryField(fact: EntryFact, image: ImageRecord, context: ReadContext): FieldValue | Absent {
  switch (fact) {
    case 'source':
    case 'ip':
    case 'net': {
      const ssh = context.sshPeers && sshEntryOf(image);
      const peer = ssh && context.sshPeers?.of(doorsOf(ssh));
      if (!peer) return undefined;
      return fact === 'source' ? text(peer.text) : { kind: 'address', bytes: peer.address };
    }
    case 'kind':
    case 'id':
    case 'user':
    case 'tty': {
      const entry = entryOf(image);
      const value = entry && textOf(fact, entry, context);
      return value === undefined ? undefined : text(value);
    }
  }
}

function textOf(
  fact: 'kind' | 'id' | 'user' | 'tty',
  entry: Entry,
  { hostname }: ReadContext,
): string | Uint8Array | undefined {
  switch (fact) {
    case 'kind':
      return entry.kind;
    case 'id':
      return entryId(entry, hostname);
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
