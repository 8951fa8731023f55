// What the operators of derivations (host/schema/fields/operators.ts) come to on an event, for tests: written apart from those of
// rules-wasm/ and host/fields/. Texts are byte strings.

import { EVENT_FLAGS, EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import type { OperatorName } from '../../../host/schema/fields/operators.ts';
import { ancestorsOf, type RawEvent, type RawRecord } from './raw-record.ts';

type Given = bigint | string | undefined;
type Result = bigint | boolean | string | Uint8Array | undefined;

const SERVER = 2n;

/** fd.typechar of the event's descriptor; '\0' if the call made none. */
function kindOf(event: RawRecord): string {
  return String.fromCharCode(Number(event.number('kind')));
}

function isSocket(event: RawRecord): boolean {
  return kindOf(event) === '4' || kindOf(event) === '6';
}

/** Of 4 bytes, or of 16 on an IPv6 socket. */
export function ipAddress(event: RawRecord, member: string): Uint8Array {
  return event.bytes(member).slice(0, kindOf(event) === '6' ? 16 : 4);
}

/** Its own end of a socket that has ends, and the other one if it is not of a socket that only listens or is bound. */
function endsOf(event: RawRecord) {
  const end = (side: string) => ({ ip: ipAddress(event, `${side}_address`), port: event.number(`${side}_port`) });
  const [local, other] = [end('local'), end('remote')];
  const hasPeer = other.port !== 0n || other.ip.some((byte) => byte !== 0);
  return { local, remote: hasPeer ? other : undefined, other, isServer: event.number('role') === SERVER };
}

function hasRole(event: RawRecord): boolean {
  return isSocket(event) && event.number('role') !== 0n;
}

function localPort(event: RawRecord): bigint {
  return hasRole(event) ? endsOf(event).local.port : -1n;
}

function remotePort(event: RawRecord): bigint {
  return (hasRole(event) ? endsOf(event).remote?.port : undefined) ?? -1n;
}

function remoteAddress(event: RawRecord): Uint8Array | undefined {
  return hasRole(event) ? endsOf(event).remote?.ip : undefined;
}

/** The end that fd.ip and fd.port compare besides the local one. */
function otherEnd(event: RawRecord) {
  const { local, remote, other, isServer } = endsOf(event);
  return isServer && !remote ? local : other;
}

/** The view of the call by the name that was passed: views that are not the first link to the next, the last to the first. */
function passedView(event: RawRecord): RawRecord {
  const isFurther = (event.number('flags') & BigInt(EVENT_FLAGS.RESOLVED_VIEW)) !== 0n;
  const next = isFurther ? event.linked('other_view', EVENT_STRUCTS.descriptor) : undefined;
  return next ? passedView(next) : event;
}

/** Of a list of which each item is ended by a NUL; the last may lack it. */
export function itemsOf(list: Given): readonly string[] {
  const items = `${list ?? ''}`.split('\0');
  return items.at(-1) === '' ? items.slice(0, -1) : items;
}

// Major and minor as stat(2) has them: the minor's upper bits are above the major's.
export function statDevice(device: bigint): bigint {
  const [major, minor] = [device >> 20n, device & 0xfffffn];
  return ((minor >> 8n) << 20n) | (major << 8n) | (minor & 0xffn);
}

export const OPERATOR_VALUES: Readonly<Record<OperatorName, (at: RawEvent, ...values: readonly Given[]) => Result>> = {
  loginShell: ({ image }) => {
    const shell = [image, ...ancestorsOf(image)].findLast((each) => each.text('comm')?.endsWith('sh'));
    return shell?.number('pid') ?? 0n;
  },
  itemOf: (_, list, index) => itemsOf(list)[Number(index)],
  argumentCount: (_, argv) => BigInt(Math.max(0, itemsOf(argv).length - 1)),
  argumentBytes: (_, argv) => BigInt(itemsOf(argv).slice(1).join('').length),
  withoutFirst: (_, list) => list?.toString().replace(/^[^\0]*\0?/, ''),
  pathArgument: (_, raw, name) => (`${raw ?? ''}`.startsWith('/') ? raw : (name ?? raw)),
  basename: (_, path) => path?.toString().split('/').at(-1),
  head: (_, text, most) => text?.toString().slice(0, Number(most)),
  fdNameraw: ({ event }, guess) => {
    const kind = kindOf(event);
    const guessed = kind === '\0' ? String.fromCharCode(Number(guess)) : kind;
    if (guessed === 'f' || guessed === 'd') return event.text('raw') ?? event.text('name') ?? '';
    return kind === '\0' ? (event.text('raw') ?? '') : '';
  },
  fdDirectory: ({ event }) => {
    const name = event.text('name') ?? '';
    if (kindOf(event) === 'd') return name;
    const [, directory] = /^(.*)\//s.exec(name) ?? [];
    return directory === '' ? '/' : directory;
  },
  fdOpenpath: ({ event }) => passedView(event).text('name'),
  fdCip: ({ event }) => {
    const { local, isServer } = endsOf(event);
    return isServer ? remoteAddress(event) : hasRole(event) ? local.ip : undefined;
  },
  fdSip: ({ event }) => {
    const { local, isServer } = endsOf(event);
    return isServer && isSocket(event) ? local.ip : remoteAddress(event);
  },
  fdLip: ({ event }) => (remoteAddress(event) ? endsOf(event).local.ip : undefined),
  fdRip: ({ event }) => remoteAddress(event),
  fdOtherAddress: ({ event }) => otherEnd(event).ip,
  fdCport: ({ event }) => (endsOf(event).isServer ? remotePort(event) : localPort(event)),
  fdSport: ({ event }) => (endsOf(event).isServer ? localPort(event) : remotePort(event)),
  fdLport: ({ event }) => localPort(event),
  fdRport: ({ event }) => remotePort(event),
  fdOtherPort: ({ event }) => otherEnd(event).port,
};
