// What derivations can't express (host/schema/fields/operators.ts): each function does what the one of the same name in rules-wasm/ does.

import { isIpSocket } from '../schema/descriptor-types.ts';
import { DESCRIPTOR_ROLE, type EVENT_HEADER } from '../schema/event-structs.ts';
import type { OPERATORS, OperatorName } from '../schema/fields/operators.ts';
import { directoryPart, hasSlash, isAbsolute, lastPart } from './path.ts';
import { type ContainerRecord, EventRecord, type ImageRecord, type StructRecord } from './record.ts';
import { splitAtNul } from './value.ts';

/** What a derivation may read. */
export interface Scope {
  /** Time of the event, ns since the epoch. */
  readonly eventTime: bigint;
  /** Start of the first process of the pid namespace, ns since the epoch; 0 = not known. */
  readonly namespaceStart: bigint;
  readonly container?: ContainerRecord | undefined;
  /** Missing for fields of the container: their event may be gone. Of other sources than system calls only the header is read. */
  readonly event?: StructRecord<typeof EVENT_HEADER>;
  readonly image?: ImageRecord | undefined;
  /** Bytes are shown in base64. */
  readonly base64Buffers?: boolean | undefined;
}

type Text = Uint8Array | undefined;

interface Values {
  readonly number: bigint;
  readonly text: Text;
}
interface Results {
  readonly number: bigint;
  readonly boolean: boolean;
  readonly text: Text;
  /** 4 bytes or 16. */
  readonly address: Uint8Array | undefined;
}
type ValuesOf<Types extends readonly (keyof Values)[]> = { [At in keyof Types]: Values[Types[At]] };
type Counterpart<Name extends OperatorName> = (
  scope: Scope,
  ...values: ValuesOf<(typeof OPERATORS)[Name]['values']>
) => Results[(typeof OPERATORS)[Name]['gives']];

const EMPTY = new Uint8Array(0);
const SHELL_SUFFIX = [0x73, 0x68]; // "sh"
const NONE = -1n;
const [FILE, DIRECTORY, UNKNOWN] = [0x66, 0x64, 0];

/** Only fields of the container are read without an event, and no field of other sources reads one of a system call. */
export function eventOf({ event }: Scope): EventRecord {
  if (!(event instanceof EventRecord)) throw new Error('a derivation reads an event that is gone');
  return event;
}

function kindOf(scope: Scope): number {
  return eventOf(scope).number('kind');
}

function isShell(image: ImageRecord): boolean {
  const name = image.bytes('comm');
  return name?.at(-2) === SHELL_SUFFIX[0] && name?.at(-1) === SHELL_SUFFIX[1];
}

function argumentsOf(argv: Text): Uint8Array[] {
  return splitAtNul(argv ?? EMPTY).slice(1);
}

function isServer(scope: Scope): boolean {
  return eventOf(scope).number('role') === DESCRIPTOR_ROLE.SERVER;
}

function hasRole(scope: Scope): boolean {
  return isIpSocket(kindOf(scope)) && eventOf(scope).number('role') !== DESCRIPTOR_ROLE.NONE;
}

function address(scope: Scope, member: 'local_address' | 'remote_address'): Uint8Array {
  return addressBytes(eventOf(scope), member);
}

/** The 16 bytes of a member, or the 4 that an IPv4 socket has. */
export function addressBytes(event: EventRecord, member: 'local_address' | 'remote_address'): Uint8Array {
  const bytes = event.bytes(member) ?? new Uint8Array(16);
  return event.number('kind') === '6'.charCodeAt(0) ? bytes : bytes.slice(0, 4);
}

function port(scope: Scope, member: 'local_port' | 'remote_port'): bigint {
  return BigInt(eventOf(scope).number(member));
}

/** A port or an address of the remote end is not 0. A socket that only listens or is bound has none. */
function hasPeer(scope: Scope): boolean {
  return port(scope, 'remote_port') !== 0n || address(scope, 'remote_address').some((byte) => byte !== 0);
}

const fdLport: Counterpart<'fdLport'> = (scope) => (hasRole(scope) ? port(scope, 'local_port') : NONE);
const fdRport: Counterpart<'fdRport'> = (scope) =>
  hasRole(scope) && hasPeer(scope) ? port(scope, 'remote_port') : NONE;

/** A bound socket that listens has a server's end and a local port, but no local address, as Falco has it. */
const fdLip: Counterpart<'fdLip'> = (scope) =>
  hasRole(scope) && hasPeer(scope) ? address(scope, 'local_address') : undefined;
const fdRip: Counterpart<'fdRip'> = (scope) =>
  hasRole(scope) && hasPeer(scope) ? address(scope, 'remote_address') : undefined;

function isServerAlone(scope: Scope): boolean {
  return isServer(scope) && !hasPeer(scope);
}

export const FUNCTIONS: { readonly [Name in OperatorName]: Counterpart<Name> } = {
  loginShell: ({ image }) => {
    let oldest = image && isShell(image) ? image : undefined;
    for (const ancestor of image?.ancestors() ?? []) if (isShell(ancestor)) oldest = ancestor;
    return BigInt(oldest?.number('pid') ?? 0);
  },
  itemOf: (_, list, index) => splitAtNul(list ?? EMPTY)[Number(index)],
  argumentCount: (_, argv) => BigInt(argumentsOf(argv).length),
  argumentBytes: (_, argv) => BigInt(argumentsOf(argv).reduce((sum, item) => sum + item.length, 0)),
  withoutFirst: (_, list) => list?.subarray((splitAtNul(list)[0]?.length ?? 0) + 1),
  pathArgument: (_, raw, name) => (raw === undefined || (name !== undefined && !isAbsolute(raw)) ? name : raw),
  basename: (_, path) => path && lastPart(path),
  head: (_, value, limit) => value?.slice(0, Number(limit)),
  fdNameraw: (scope, guess) => {
    const event = eventOf(scope);
    const kind = kindOf(scope);
    const raw = event.bytes('raw');
    // A descriptor of an earlier call (dup, fchmod) has no path, so its name is used.
    if ([FILE, DIRECTORY].includes(kind || Number(guess))) return raw ?? event.bytes('name') ?? EMPTY;
    return kind === UNKNOWN ? (raw ?? EMPTY) : EMPTY;
  },
  fdDirectory: (scope) => {
    const name = eventOf(scope).bytes('name') ?? EMPTY;
    if (kindOf(scope) === DIRECTORY) return name;
    return hasSlash(name) ? directoryPart(name) : undefined;
  },
  fdOpenpath: (scope) => eventOf(scope).passedView.bytes('name'),
  fdCip: (scope) => {
    if (isServer(scope)) return fdRip(scope);
    return hasRole(scope) ? address(scope, 'local_address') : undefined;
  },
  fdSip: (scope) => {
    if (!isServer(scope)) return fdRip(scope);
    return isIpSocket(kindOf(scope)) ? address(scope, 'local_address') : undefined;
  },
  fdLip,
  fdRip,
  fdOtherAddress: (scope) => address(scope, isServerAlone(scope) ? 'local_address' : 'remote_address'),
  fdCport: (scope) => (isServer(scope) ? fdRport(scope) : fdLport(scope)),
  fdSport: (scope) => (isServer(scope) ? fdLport(scope) : fdRport(scope)),
  fdLport,
  fdRport,
  fdOtherPort: (scope) => port(scope, isServerAlone(scope) ? 'local_port' : 'remote_port'),
};
