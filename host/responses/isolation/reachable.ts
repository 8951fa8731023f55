// What an isolated container still reaches: entries of `allow`, and the networks that they stand for.

import { parseAddress } from '../../compiler/conditions/address.ts';
import { member } from '../../schema/layout.ts';
import { NO_PORT, REACHABLE_MOST, REACHABLE_NETWORK } from '../../schema/reachable.ts';

/** Addresses of one network; with a port only TCP and UDP to it, without one everything. */
export interface Network {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly bits: number;
  readonly port?: number;
}

/** `dns`: the node's name servers; `kubernetes`: the API server. Their addresses are looked up when a container is isolated. */
export const ALLOWED_NAMES = ['dns', 'kubernetes'] as const;
export type AllowedName = (typeof ALLOWED_NAMES)[number];

const LAST_PORT = 65535;
const ENTRY_BYTES = REACHABLE_NETWORK.size;
const MASK_AT = member(REACHABLE_NETWORK, 'mask').offset;
const FIRST_PORT_AT = member(REACHABLE_NETWORK, 'first_port').offset;
const LAST_PORT_AT = member(REACHABLE_NETWORK, 'last_port').offset;

/** An entry of `allow`: a name, or `10.1.2.3`, `10.0.0.0/8`, `10.1.2.3:443`, `fd00::/8`, `[fd00::1]:443`. Undefined for anything else. */
export function readAllowed(text: string): AllowedName | Network | undefined {
  const name = ALLOWED_NAMES.find((known) => known === text);
  if (name !== undefined) return name;
  const [, bracketed, plain = '', port] =
    /^(?:\[([^\]]*)\]|([^:]*|[^:]*:[^:]*:.*?))(?::(\d+))?$/.exec(withoutPort(text)) ?? [];
  return readNetwork(bracketed ?? plain, port);
}

/** Only brackets tell the port of an IPv6 address from its last group: without them, all of it is the address. */
function withoutPort(text: string): string {
  return !text.startsWith('[') && text.split(':').length > 2 ? `[${text}]` : text;
}

function readNetwork(text: string, portText: string | undefined): Network | undefined {
  const [addressText = '', bitsText, ...rest] = text.split('/');
  const address = parseAddress(addressText);
  const bits = bitsText === undefined ? (address?.length ?? 0) * 8 : wholeNumber(bitsText);
  if (!address || rest.length > 0 || bits === undefined || bits > address.length * 8) return undefined;
  if (portText === undefined) return { address, bits };
  const port = wholeNumber(portText);
  return port === undefined || port < 1 || port > LAST_PORT ? undefined : { address, bits, port };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}

/** Encodes networks for the BPF programs: each as IPv6, or IPv4 in it. Throws a RangeError for more than REACHABLE_MOST. */
export function encodeReachable(networks: readonly Network[]): Uint8Array {
  if (networks.length > REACHABLE_MOST) throw new RangeError(`more than ${REACHABLE_MOST} networks`);
  const bytes = new Uint8Array(networks.length * ENTRY_BYTES);
  for (const [index, network] of networks.entries()) encodeInto(bytes.subarray(index * ENTRY_BYTES), network);
  return bytes;
}

function encodeInto(entry: Uint8Array, { address, bits, port }: Network): void {
  const isV4 = address.length === 4;
  const full = isV4 ? Uint8Array.of(...new Array<number>(10).fill(0), 0xff, 0xff, ...address) : address;
  const fixed = isV4 ? bits + 96 : bits;
  for (const [index, byte] of full.entries()) {
    const mask = 0xff & ~(0xff >> Math.min(8, Math.max(0, fixed - 8 * index)));
    entry[index] = byte & mask;
    entry[MASK_AT + index] = mask;
  }
  // The addon copies it.
  const ports = new DataView(entry.buffer, entry.byteOffset);
  ports.setUint32(FIRST_PORT_AT, port ?? 0, true);
  ports.setUint32(LAST_PORT_AT, port ?? NO_PORT, true);
}
