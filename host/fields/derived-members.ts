// The members of records that derivations read, and the processes whose images have them.

import type { NumberDerivation, Owner, Process, TextDerivation } from '../schema/fields/derivation.ts';
import { bigOf, bytesOf } from './memory.ts';
import type { Scope } from './operators.ts';
import type { ContainerRecord, ImageRecord } from './record.ts';

type NumberNode = Extract<NumberDerivation, { readonly node: 'numberOf' }>;
type TextNode = Extract<TextDerivation, { readonly node: 'textOf' }>;

const SELF: Process = { kind: 'ancestor', generations: 0 };

/** Members of unknown processes read 0. */
export function numberMember(node: NumberNode, scope: Scope): bigint {
  return bigOf(keptValue(node, scope) ?? recordOf(node, scope)?.described(node.member, node.index));
}

export function textMember(node: TextNode, scope: Scope): Uint8Array | undefined {
  return bytesOf(recordOf(node, scope)?.described(node.member));
}

export function processOf(process: Process, { image }: Scope): ImageRecord | undefined {
  if (process.kind === 'ancestor') return image?.ancestor(process.generations);
  const leader = process.link === 'session_address' ? image?.sessionLeader : image?.groupLeader;
  return leader ?? (image && process.id && oldestSharing(image, process.id));
}

/** The oldest known ancestor of the same session or process group. */
function oldestSharing(image: ImageRecord, id: 'sid' | 'pgid' | 'vpgid'): ImageRecord | undefined {
  const wanted = image.number(id);
  let oldest: ImageRecord | undefined;
  for (const ancestor of image.ancestors()) if (ancestor.number(id) === wanted) oldest = ancestor;
  return oldest;
}

/** What the scope keeps of a record that may be gone. */
function keptValue({ of, member, process = SELF }: NumberNode, scope: Scope): bigint | undefined {
  if (of === 'header' && member === 'time') return scope.eventTime;
  const isOfItself = process.kind === 'ancestor' && process.generations === 0;
  return of === 'image' && member === 'pidns_start_time' && isOfItself ? scope.namespaceStart : undefined;
}

function recordOf(
  { of, process }: { of: Owner; process?: Process },
  scope: Scope,
): ImageRecord | ContainerRecord | Scope['event'] {
  switch (of) {
    case 'image':
      return processOf(process ?? SELF, scope);
    case 'container':
      return scope.container;
    default:
      return scope.event;
  }
}
