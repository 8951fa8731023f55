// The accessors through which rule modules read records: their names, and the structs that have them.

import { AUDIT_EVENT } from '../audit/record.ts';
import { CONTAINER } from '../container.ts';
import { EVENT_HEADER, EVENT_STRUCTS } from '../event-structs.ts';
import { IMAGE } from '../image.ts';
import type { Struct } from '../layout.ts';
import { NAMED_ADDRESS } from '../names.ts';

/** The structs, by the first part of their accessors' names: the header of every event, each shape of event, audit events, the image, the container, the table of names. */
export const ACCESSOR_OWNERS: Readonly<Record<string, Struct>> = {
  header: EVENT_HEADER,
  ...EVENT_STRUCTS,
  audit: AUDIT_EVENT,
  image: IMAGE,
  container: CONTAINER,
  named: NAMED_ADDRESS,
};

/** `open` + `local_port` -> `openLocalPort`: the name of the accessor of a member. */
export function accessorName(owner: string, member: string): string {
  return `${owner}_${member}`.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
