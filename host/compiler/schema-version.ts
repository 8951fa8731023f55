// The version of the record layout that a module was compiled for.

import { CONTAINER } from '../schema/container.ts';
import { EVENT_HEADER, EVENT_STRUCTS } from '../schema/event-structs.ts';
import { EVENT_TYPES } from '../schema/events/index.ts';
import { IMAGE } from '../schema/image.ts';
import { contentHash } from './ir/content-hash.ts';

/** Hash of every struct's members and of the numbers and shapes of event types: what a module's loads depend on. */
export function schemaVersion(): string {
  const structs = [EVENT_HEADER, ...Object.values(EVENT_STRUCTS), IMAGE, CONTAINER].map(
    ({ name, size, members }) =>
      `${name} ${size} ${members.map((member) => `${member.name}:${member.type}@${member.offset}+${member.size}`).join(' ')}`,
  );
  const types = EVENT_TYPES.map(({ name, number, shape }) => `${name}=${number}:${shape}`);
  return contentHash([...structs, ...types]).slice(0, 16);
}
