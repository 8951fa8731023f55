// The schema as a C header, for BPF programs and the addon alike: it includes nothing, the includer brings __u8 and the rest
// (vmlinux.h or linux/types.h).

import { BLOCK_PROGRESS } from '../block-progress.ts';
import { CONTAINER, CONTAINER_STATE } from '../container.ts';
import { ENFORCED, ENFORCED_PARTS } from '../enforced.ts';
import {
  completedStrings,
  DESCRIPTOR_ROLE,
  DESCRIPTOR_STATE,
  EVENT_FLAGS,
  EVENT_HEADER,
  EVENT_STRUCTS,
  hasViews,
  LONGEST_RECORD,
  READER_FLAGS,
} from '../event-structs.ts';
import { EVENT_TYPE_COUNT, EVENT_TYPES } from '../events/index.ts';
import { IO_URING_OPERATIONS } from '../events/io-uring.ts';
import {
  ANCESTRY_KNOWN,
  ANCESTRY_WORDS,
  CANDIDATE_BANKS,
  CANDIDATE_WORDS,
  IMAGE,
  IMAGE_FLAGS,
  IMAGE_KIND,
  LONGEST_IMAGE,
} from '../image.ts';
import { JOURNAL_KEEP, JOURNAL_USE } from '../journal.ts';
import { NAMED_ADDRESS, NAMES_ADDRESS, NAMES_SLOTS } from '../names.ts';
import { NO_PORT, REACHABLE_MOST, REACHABLE_NETWORK } from '../reachable.ts';
import { FIRST_ON_TRACE_EVENTS, TRACE_FOLDERS } from '../trace-events.ts';
import { constants, declareStruct } from './c-declarations.ts';
import { cTable } from './c-table.ts';
import { programOf, typeConstant } from './calls-header.ts';
import { enforcementDeclarations, filterConstants } from './kernel-tables.ts';

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The event types as tables, for whom the constants are not enough. */
function eventTables(): readonly string[] {
  const structs = Object.entries(EVENT_STRUCTS).map(([shape, struct]) => ({ shape: capitalised(shape), struct }));
  const shapes = structs.map(({ shape, struct }) => [shape, struct.name]);
  const types = EVENT_TYPES.map((type) => [
    type.name,
    typeConstant(type.name),
    capitalised(type.shape),
    programOf(type),
    Number(type.createsFd ?? false),
  ]);
  const requests = EVENT_TYPES.flatMap((type) =>
    (type.requests ?? []).map((name) => [name, IO_URING_OPERATIONS[name], typeConstant(type.name)]),
  );
  const socketcalls = EVENT_TYPES.flatMap((type) =>
    (type.socketcalls ?? []).map((call) => [
      call.name ?? type.name,
      call.number,
      typeConstant(type.name),
      call.arguments,
    ]),
  );
  const viewed = structs.flatMap(({ shape, struct }) => (hasViews(struct) ? [[shape, struct.name]] : []));
  const completed = structs.flatMap(({ shape, struct }) =>
    completedStrings(struct).map((member) => [shape, struct.name, member]),
  );
  return [
    cTable('WASPREY_SHAPES', 'SHAPE', 'shape, struct', shapes),
    cTable('WASPREY_VIEWED_SHAPES', 'SHAPE', 'shape, struct: those that have other_view', viewed),
    cTable('WASPREY_COMPLETED', 'STRING', 'shape, struct, string that the reader completes', completed),
    cTable('WASPREY_EVENT_TYPES', 'TYPE', 'name, event type, shape, program, makes a descriptor', types),
    cTable('WASPREY_REQUESTS', 'REQUEST', 'operation of io_uring, its number, event type', requests),
    cTable('WASPREY_SOCKETCALLS', 'CALL', 'call, its number in socketcall(2), event type, arguments', socketcalls),
  ];
}

/** The text of native/generated/schema.h. */
export function cHeader(): string {
  const types = Object.fromEntries(EVENT_TYPES.map((type) => [type.name.toUpperCase(), type.number]));
  return `${[
    '/* Generated from host/schema by `npm run schema`. Do not edit. */',
    '#ifndef WASPREY_SCHEMA_H',
    '#define WASPREY_SCHEMA_H',
    // BPF programs have the types from vmlinux.h.
    '#ifdef __cplusplus\n#include <linux/types.h>\n#define _Static_assert static_assert\n#endif',
    '/* offset from the start of the record (mod 2^32), length in bytes; offset 0 = absent */',
    'struct string_ref {\n  __u32 offset;\n  __u32 length;\n};',
    declareStruct(EVENT_HEADER),
    ...Object.values(EVENT_STRUCTS).map((struct) => declareStruct(struct, EVENT_HEADER)),
    declareStruct(IMAGE),
    declareStruct(CONTAINER),
    declareStruct(NAMED_ADDRESS),
    constants('EVENT', { NONE: 0, ...types }),
    constants('LONGEST', { RECORD: LONGEST_RECORD, IMAGE: LONGEST_IMAGE }),
    `#define EVENT_TYPE_COUNT ${EVENT_TYPE_COUNT}`,
    ...eventTables(),
    constants('EVENT_FLAG', EVENT_FLAGS),
    constants('EVENT_FLAGS', { OF_READER: READER_FLAGS }),
    constants('ENFORCED', ENFORCED),
    constants('ENFORCED', ENFORCED_PARTS),
    constants('ROLE', DESCRIPTOR_ROLE),
    constants('DESCRIPTOR', DESCRIPTOR_STATE),
    constants('IMAGE', IMAGE_KIND),
    constants('IMAGE_FLAG', IMAGE_FLAGS),
    `#define IMAGE_CANDIDATE_WORDS ${CANDIDATE_WORDS}`,
    `#define IMAGE_CANDIDATE_BANKS ${CANDIDATE_BANKS}`,
    `#define IMAGE_ANCESTRY_WORDS ${ANCESTRY_WORDS}`,
    `#define IMAGE_ANCESTRY_KNOWN 0x${ANCESTRY_KNOWN.toString(16)}ull`,
    constants('CONTAINER', CONTAINER_STATE),
    constants('NAMES', { ADDRESS: NAMES_ADDRESS, BYTES: NAMES_SLOTS * NAMED_ADDRESS.size }),
    `#define FIRST_ON_TRACE_EVENTS ${FIRST_ON_TRACE_EVENTS}`,
    `#define TRACE_FOLDERS ${TRACE_FOLDERS.map((folder) => JSON.stringify(folder)).join(', ')}`,
    ...filterConstants(),
    ...enforcementDeclarations(),
    constants('JOURNAL_USE', JOURNAL_USE),
    constants('JOURNAL_KEEP', JOURNAL_KEEP),
    declareStruct(BLOCK_PROGRESS),
    declareStruct(REACHABLE_NETWORK),
    `#define REACHABLE_MOST ${REACHABLE_MOST}`,
    `#define NO_PORT ${NO_PORT}`,
    '#endif',
  ].join('\n\n')}\n`;
}
