// Where a server of the agent listens, as a key has it.

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

const MOST_PORT = 65_535;

/** `ADDRESS:PORT`, an IPv6 address in brackets; undefined for anything else. */
export function listenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  const port = Number(digits);
  return address === undefined || port < 1 || port > MOST_PORT ? undefined : { address, port };
}

/** An IPv6 address with or without brackets. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || address === '[::1]' || /^127(\.\d{1,3}){3}$/.test(address);
}
