// What an isolated container still reaches: entries of `allow`, and the networks that they stand for.

import { parseAddress } from '../../compiler/conditions/address.ts';

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

/** Networks that an isolated container can reach at most, as in native/src/enforcement/isolation.h. */
export const REACHABLE_MOST = 64;
const ENTRY_BYTES = 40;
const LAST_PORT = 65535;
/** The port of protocols without ports. */
const NO_PORT = 65536;

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
    entry[16 + index] = mask;
  }
  // Native order: the addon copies it.
  const ports = Uint32Array.of(port ?? 0, port ?? NO_PORT);
  entry.set(new Uint8Array(ports.buffer), 32);
}
