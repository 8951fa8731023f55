// A 32-bit program for x86, byte by byte, since no 32-bit toolchain is to be expected: opens the file that is its first
// argument, by open(2), and ends.

const BASE = 0x8048000;
const HEADERS = 52 + 32;

// mov 8(%esp),%ebx; mov $5,%eax; xor %ecx,%ecx; int $0x80; mov $1,%eax; xor %ebx,%ebx; int $0x80
const CODE = Buffer.from('8b5c2408b80500000031c9cd80b80100000031dbcd80', 'hex');

/** The file's bytes: ELF header, one program header that maps all of it, code. */
export function opener32(): Buffer {
  const headers = Buffer.alloc(HEADERS);
  headers.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  headers.writeUInt16LE(2, 16); // an executable
  headers.writeUInt16LE(3, 18); // for the i386
  headers.writeUInt32LE(1, 20);
  headers.writeUInt32LE(BASE + HEADERS, 24); // entry
  headers.writeUInt32LE(52, 28); // program headers
  headers.writeUInt16LE(52, 40);
  headers.writeUInt16LE(32, 42);
  headers.writeUInt16LE(1, 44);
  headers.writeUInt32LE(1, 52); // to be loaded
  headers.writeUInt32LE(BASE, 60);
  headers.writeUInt32LE(BASE, 64);
  headers.writeUInt32LE(HEADERS + CODE.length, 68);
  headers.writeUInt32LE(HEADERS + CODE.length, 72);
  headers.writeUInt32LE(5, 76); // read and execute
  headers.writeUInt32LE(0x1000, 80);
  return Buffer.concat([headers, CODE]);
}
