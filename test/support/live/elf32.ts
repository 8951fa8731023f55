// A 32-bit program for x86 or ARM, byte by byte, since no 32-bit toolchain is to be expected: opens the file that is its first
// argument, by open(2), and ends.

const BASE = 0x8048000;
const HEADERS = 52 + 32;

interface Target {
  /** e_machine and e_flags of its ELF header. */
  readonly machine: number;
  readonly flags: number;
  readonly code: Buffer;
}

const TARGETS: Readonly<Record<string, Target>> = {
  x64: {
    machine: 3,
    flags: 0,
    // mov 8(%esp),%ebx; mov $5,%eax; xor %ecx,%ecx; int $0x80; mov $1,%eax; xor %ebx,%ebx; int $0x80
    code: Buffer.from('8b5c2408b80500000031c9cd80b80100000031dbcd80', 'hex'),
  },
  arm64: {
    machine: 40,
    flags: 0x05000000, // EABI 5
    // ldr r0,[sp,#8]; mov r1,#0; mov r7,#5; svc 0; mov r0,#0; mov r7,#1; svc 0
    code: Buffer.from('08009de50010a0e30570a0e3000000ef0000a0e30170a0e3000000ef', 'hex'),
  },
};

/** The file's bytes: ELF header, one program header that maps all of it, code. */
export function opener32(): Buffer {
  const target = TARGETS[process.arch];
  if (!target) throw new Error(`no 32-bit program for ${process.arch}`);
  const { code } = target;
  const headers = Buffer.alloc(HEADERS);
  headers.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  headers.writeUInt16LE(2, 16); // an executable
  headers.writeUInt16LE(target.machine, 18);
  headers.writeUInt32LE(1, 20);
  headers.writeUInt32LE(BASE + HEADERS, 24); // entry
  headers.writeUInt32LE(52, 28); // program headers
  headers.writeUInt32LE(target.flags, 36);
  headers.writeUInt16LE(52, 40);
  headers.writeUInt16LE(32, 42);
  headers.writeUInt16LE(1, 44);
  headers.writeUInt32LE(1, 52); // to be loaded
  headers.writeUInt32LE(BASE, 60);
  headers.writeUInt32LE(BASE, 64);
  headers.writeUInt32LE(HEADERS + code.length, 68);
  headers.writeUInt32LE(HEADERS + code.length, 72);
  headers.writeUInt32LE(5, 76); // read and execute
  headers.writeUInt32LE(0x1000, 80);
  return Buffer.concat([headers, code]);
}
