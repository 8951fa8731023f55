// The processors that Wasprey is built for, and what each is called by those who have a name for it.

export interface Architecture {
  /** By Debian, by OCI and by native/release.mk (ARCH). */
  readonly name: 'amd64' | 'arm64';
  /** By Node: process.arch, and the package `node-linux-...`. */
  readonly node: 'x64' | 'arm64';
  /** By GCC and Debian: folders of libraries. */
  readonly triplet: string;
  /** By ELF: e_machine. */
  readonly elfMachine: number;
}

export const ARCHITECTURES: readonly Architecture[] = [
  { name: 'amd64', node: 'x64', triplet: 'x86_64-linux-gnu', elfMachine: 62 },
  { name: 'arm64', node: 'arm64', triplet: 'aarch64-linux-gnu', elfMachine: 183 },
];

/** The processor of this machine. */
export function ownArchitecture(): Architecture {
  const found = ARCHITECTURES.find((architecture) => architecture.node === process.arch);
  if (!found) throw new RangeError(`Wasprey is not built for ${process.arch}`);
  return found;
}
