// The version of the record layout that a module was compiled for.

import { AUDIT_EVENT, AUDIT_EVENT_TYPE } from '../schema/audit/record.ts';
import { CONTAINER } from '../schema/container.ts';
import { EVENT_HEADER, EVENT_STRUCTS } from '../schema/event-structs.ts';
import { EVENT_TYPES } from '../schema/events/index.ts';
import { IMAGE } from '../schema/image.ts';
import { contentHash } from './ir/content-hash.ts';

/** Hash of every struct's members and of the numbers and shapes of event types: what a module's loads depend on. */
export function schemaVersion(): string {
  const structs = [EVENT_HEADER, ...Object.values(EVENT_STRUCTS), IMAGE, CONTAINER, AUDIT_EVENT].map(
    ({ name, size, members }) =>
      `${name} ${size} ${members.map((member) => `${member.name}:${member.type}@${member.offset}+${member.size}`).join(' ')}`,
  );
  const types = [...EVENT_TYPES, AUDIT_EVENT_TYPE].map(({ name, number, shape }) => `${name}=${number}:${shape}`);
  return contentHash([...structs, ...types]).slice(0, 16);
}
