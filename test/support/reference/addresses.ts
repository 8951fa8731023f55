// Addresses and networks, compared bit by bit: parsed here by themselves, for tests.

import { isIPv4, isIPv6 } from 'node:net';

const GROUPS = 8;

export function sameAddress(address: Uint8Array, text: string): boolean {
  return bitsOf(address) === bitsOfText(text);
}

export function inNetwork(address: Uint8Array, text: string): boolean {
  const [beginning = '', length] = text.split('/');
  if (length === undefined) throw new Error(`a network has a length: ${text}`);
  const [bits, ofNetwork] = [bitsOf(address), bitsOfText(beginning)];
  return bits.length === ofNetwork?.length && bits.slice(0, Number(length)) === ofNetwork.slice(0, Number(length));
}

/** As digits 0 and 1. */
function bitsOf(address: Uint8Array): string {
  return [...address].map((byte) => digits(byte, 8)).join('');
}

function bitsOfText(text: string): string | undefined {
  if (isIPv4(text)) return bitsOf(Uint8Array.from(text.split('.').map(Number)));
  if (!isIPv6(text)) return undefined;
  if (text.includes('.')) throw new Error(`tests have no constants such as ${text}`);
  const [before = [], after = []] = text.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = new Array<string>(GROUPS - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group) => digits(Number.parseInt(group, 16), 16)).join('');
}

function digits(number: number, count: number): string {
  return number.toString(2).padStart(count, '0');
}
