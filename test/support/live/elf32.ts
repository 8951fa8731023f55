// A 32-bit program for x86 or ARM, byte by byte, since no 32-bit toolchain is to be expected: makes system calls one after the other, and ends.

import { type CallTable, callNumber } from '../../../host/schema/events/call-numbers.ts';

/** What a register gets: a number; the address of bytes, of a string that NUL ends, or of words; what an earlier call returned, the first is 0. */
export type Argument32 =
  | number
  | string
  | Buffer
  | { readonly words: readonly Argument32[] }
  | { readonly result: number };

/** A call of the processor's 32-bit table, and its arguments. */
export type Step32 = readonly [call: string, ...arguments: Argument32[]];

interface Target {
  /** e_machine and e_flags of its ELF header. */
  readonly machine: number;
  readonly flags: number;
  readonly calls: CallTable;
  readonly code: Buffer;
  /** Where the code has the address of the rows, with a placeholder. */
  readonly rowsAt: number;
}

/**
 * A row has 8 addresses: of the call's number, of six arguments, and of the word that gets the result. A row that begins with 0 is the last. On
 * x86 the stack pointer walks through them, since a call takes all other registers.
 */
const ROW_WORDS = 8;
const ARGUMENTS = 6;

const TARGETS: Readonly<Record<string, Target>> = {
  x64: {
    machine: 3,
    flags: 0,
    calls: 'i386',
    // mov $rows,%esp
    // 1: pop %eax; test %eax,%eax; jz 2f; mov (%eax),%eax; pop %ebx; mov (%ebx),%ebx; pop %ecx; mov (%ecx),%ecx; pop %edx; mov (%edx),%edx;
    //    pop %esi; mov (%esi),%esi; pop %edi; mov (%edi),%edi; pop %ebp; mov 0(%ebp),%ebp; int $0x80; pop %ebx; mov %eax,(%ebx); jmp 1b
    // 2: mov $1,%eax; xor %ebx,%ebx; int $0x80
    code: Buffer.from(
      'bc000000005885c0741c8b005b8b1b598b095a8b125e8b365f8b3f5d8b6d00cd805b8903ebdfb80100000031dbcd80',
      'hex',
    ),
    rowsAt: 1,
  },
  arm64: {
    machine: 40,
    flags: 0x05000000, // EABI 5
    calls: 'arm',
    //    ldr r8,rows
    // 1: ldm r8!,{r0-r7}; cmp r0,#0; beq 2f; mov r9,r7; ldr r7,[r0]; ldr r0,[r1]; ldr r1,[r2]; ldr r2,[r3]; ldr r3,[r4]; ldr r4,[r5];
    //    ldr r5,[r6]; svc #0; str r0,[r9]; b 1b
    // 2: mov r0,#0; mov r7,#1; svc #0
    code: Buffer.from(
      '40809fe5ff00b8e8000050e30a00000a0790a0e1007090e5000091e5001092e5002093e5003094e5004095e5005096e5000000ef000089e5f1ffffea' +
        '0000a0e30170a0e3000000ef00000000',
      'hex',
    ),
    rowsAt: 72,
  },
};

const BASE = 0x8048000;
const HEADERS = 52 + 32;

/**
 * The file's bytes: ELF header, one program header that maps all of it, code, data.
 * @throws RangeError for a call that the processor's 32-bit table lacks
 */
export function program32(steps: readonly Step32[]): Buffer {
  const target = TARGETS[process.arch];
  if (!target) throw new Error(`no 32-bit program for ${process.arch}`);
  const code = Buffer.from(target.code);
  const data = new DataSegment(BASE + HEADERS + code.length);
  const results = steps.map(() => data.word(0));
  const rows = steps.flatMap(([call, ...given], index) => {
    const number = callNumber(call, target.calls);
    if (number === undefined) throw new RangeError(`${target.calls} has no ${call}`);
    const registers = Array.from({ length: ARGUMENTS }, (_, at) => given[at] ?? 0);
    return [data.word(number), ...registers.map((value) => data.source(value, results)), results[index] ?? 0];
  });
  const table = data.words([...rows, ...Array.from({ length: ROW_WORDS }, () => 0)]);
  code.writeUInt32LE(table, target.rowsAt);
  return Buffer.concat([elfHeader(target, HEADERS + code.length + data.length), code, data.bytes()]);
}

/** What a program reads and writes, at an address. */
class DataSegment {
  readonly #begin: number;
  readonly #parts: Buffer[] = [];
  #length = 0;

  constructor(begin: number) {
    this.#begin = begin;
  }

  get length(): number {
    return this.#length;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** Returns the address of the bytes. */
  add(bytes: Buffer): number {
    const address = this.#begin + this.#length;
    // Words stand at multiples of four.
    const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
    bytes.copy(padded);
    this.#parts.push(padded);
    this.#length += padded.length;
    return address;
  }

  words(values: readonly number[]): number {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, index * 4);
    return this.add(bytes);
  }

  word(value: number): number {
    return this.words([value]);
  }

  /** The address of the word that a register is loaded from. */
  source(argument: Argument32, results: readonly number[]): number {
    if (typeof argument !== 'object' || Buffer.isBuffer(argument) || 'words' in argument)
      return this.word(this.#value(argument));
    const source = results[argument.result];
    if (source === undefined) throw new RangeError(`there is no step ${argument.result}`);
    return source;
  }

  #value(argument: Argument32): number {
    if (typeof argument === 'number') return argument;
    if (typeof argument === 'string') return this.add(Buffer.from(`${argument}\0`));
    if (Buffer.isBuffer(argument)) return this.add(argument);
    if ('words' in argument) return this.words(argument.words.map((word) => this.#value(word)));
    throw new TypeError('a result is known in registers alone');
  }
}

function elfHeader({ machine, flags }: Target, size: number): Buffer {
  const headers = Buffer.alloc(HEADERS);
  headers.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  headers.writeUInt16LE(2, 16); // an executable
  headers.writeUInt16LE(machine, 18);
  headers.writeUInt32LE(1, 20);
  headers.writeUInt32LE(BASE + HEADERS, 24); // entry
  headers.writeUInt32LE(52, 28); // program headers
  headers.writeUInt32LE(flags, 36);
  headers.writeUInt16LE(52, 40);
  headers.writeUInt16LE(32, 42);
  headers.writeUInt16LE(1, 44);
  headers.writeUInt32LE(1, 52); // to be loaded
  headers.writeUInt32LE(BASE, 60);
  headers.writeUInt32LE(BASE, 64);
  headers.writeUInt32LE(size, 68);
  headers.writeUInt32LE(size, 72);
  headers.writeUInt32LE(7, 76); // read, write and execute
  headers.writeUInt32LE(0x1000, 80);
  return headers;
}
