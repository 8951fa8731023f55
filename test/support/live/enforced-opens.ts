// Calls that open files as a program of the kernel sees them: by which names, as events of which types.

import fc from 'fast-check';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { filteredOpen, inBytes, type Names, openRecord, type RandomOpen, randomOpen } from '../random/random-opens.ts';
import { testAddon } from '../records/test-addon.ts';
import type { EnforcedEvent, KnownView } from '../reference/exact-reference.ts';

export interface EnforcedOpen {
  readonly open: RandomOpen;
  /** By handle, which has no passed name, it is shown in other views. */
  readonly type: RandomOpen['type'] | 'open_by_handle_at';
}

export function enforcedOpen(names: Names): fc.Arbitrary<EnforcedOpen> {
  return fc.tuple(randomOpen(names), fc.nat(5)).map(([open, kind]) => {
    if (kind > 0 || open.type !== 'openat') return { open, type: open.type };
    const { type, flags, mode, outcome } = open;
    return { open: { type, flags, mode, outcome, directory: null }, type: 'open_by_handle_at' };
  });
}

/** The record that the kernel writes. */
export function enforcedRecord({ open }: EnforcedOpen, image: bigint, current: string): StructInput {
  return inBytes(openRecord(open, image, current));
}

export function knownOfOpen(
  { open, type }: EnforcedOpen,
  current: string,
): Pick<EnforcedEvent, 'views' | 'failed' | 'open' | 'resolved'> {
  const { resolved, elsewhere } = openRecord(open, 0n, current);
  const { failed, open: facts } = filteredOpen(open, current);
  const known = (name: string, path: unknown): KnownView[] =>
    typeof path === 'string' && path.startsWith('/') ? [{ type: name, path }] : [];
  const isByHandle = type === 'open_by_handle_at';
  const found = known(type, resolved);
  const views = [
    ...(isByHandle || open.raw === undefined ? [] : [passedView(open, type, current)]),
    ...found,
    ...(isByHandle ? known('openat', resolved) : []),
    ...known(isByHandle ? 'openat' : type, elsewhere),
  ];
  const nameless = [{ type }, ...(isByHandle ? [{ type: 'openat' }] : [])];
  const isNameless = found.length === 0 && (isByHandle || open.raw === undefined);
  return {
    views: isNameless ? [...nameless, ...views] : views,
    failed,
    ...(facts && { open: facts }),
    resolved: typeof resolved === 'string' ? resolved : null,
  };
}

/** The passed name made absolute, without links being followed; its path is not known if that of what it is relative to is not. */
function passedView({ raw = '', directory }: RandomOpen, type: string, current: string): KnownView {
  const base = directory === undefined ? current : (directory ?? '');
  if (!raw.startsWith('/') && !base.startsWith('/')) return { type };
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
  const path = Buffer.from(testAddon.lexicalPath(bytes(base), bytes(raw)).path).toString('latin1');
  return path.startsWith('/') ? { type, path } : { type };
}
