// Steps of act (native/act/act.c): exact system calls and what goes with them, as words of its command line.

import { AF_INET, AT_FDCWD, O, SOCK_NONBLOCK, SOCK_STREAM } from './numbers.ts';

/** The name of a system call or an @action of act, and its arguments; a string argument of a call is written with `str()`. */
export type Step = readonly (string | number | bigint)[];

/** A string as an argument of a call; a Buffer for bytes that are not valid text. */
export function str(value: string | Uint8Array): string {
  return `s:${escapeWord(value)}`;
}

/** An argv or envp as an argument of execve. */
export function list(...values: readonly string[]): string {
  return `list:${values.map((value) => escapeWord(value).replaceAll(',', '\\x2c')).join(',')}`;
}

function escapeWord(value: string | Uint8Array): string {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  let result = '';
  for (const byte of bytes) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x5c;
    result += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return result;
}

/** The command line that performs the steps. */
export function actWords(steps: readonly Step[]): string[] {
  return steps.flatMap((step, index) => [...(index > 0 ? ['--'] : []), ...step.map(String)]);
}

/** Opens a file and leaves it open. */
export function open(path: string, flags: number, mode = 0o644): Step {
  return ['openat', AT_FDCWD, str(path), flags, mode];
}

export function read(path: string): Step {
  return open(path, O.RDONLY);
}

/** Creates a file with a text in it. */
export function create(path: string, text = 'made by wasprey generate\n', mode = 0o644): Step[] {
  return [open(path, O.WRONLY | O.CREAT, mode), ['write', 'r', str(text), 'len']];
}

export function makeDirectory(path: string): Step {
  return ['mkdirat', AT_FDCWD, str(path), 0o755];
}

/** Continues under another name, by a link to act in that folder; results of steps are counted from 0 again. */
export function become(directory: string, name: string): Step {
  return ['@link', `${directory}/${name}`];
}

/** Runs a process with that name and these arguments that does nothing. */
export function pretend(directory: string, name: string, ...words: readonly string[]): Step {
  return ['@pretend', `${directory}/${name}`, ...words];
}

/**
 * Connects by TCP to an address that the process gives itself in a network of its own, and listens at. Where it may not have one,
 * the attempt goes out, and is not waited for. Must come right after become(): it counts results from 0.
 */
export function connectTo(address: string, port: number): Step[] {
  const peer = `in:${address}:${port}`;
  return [
    ['@network', address],
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', peer, 'len'],
    ['listen', 'r0', 1],
    ['socket', AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0],
    ['connect', 'r3', peer, 'len'],
  ];
}

/** Runs a program of the place to its end, with no input and no output. */
export function spawn(program: string, ...words: readonly string[]): Step {
  return ['@spawn', program, ...words];
}
