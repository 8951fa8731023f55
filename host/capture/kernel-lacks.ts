// Describes what a kernel lacks besides hooks, without any event being missed: clauses for people.

/** @param operations of io_uring, at least one */
export function describeMissingOperations(operations: readonly string[]): string {
  return `the kernel's io_uring lacks ${operations.join(', ')}: no process can use them`;
}

/** The consequence of a kernel without bpf_rdonly_cast; times as in native/bpf/kernel.h. */
export const PROBES_MEMORY =
  'the kernel lacks bpf_rdonly_cast: its memory is read by probes, each some 15 times as long as a direct read, so that each captured call costs more';
