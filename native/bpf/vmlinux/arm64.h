/* arm64: the registers of a system call, and what shows a 32-bit one. */

#ifndef WASPREY_VMLINUX_ARM64_H
#define WASPREY_VMLINUX_ARM64_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
  u64 regs[31];
  u64 orig_x0;
  s32 syscallno;
};

struct thread_info {
  unsigned long flags;
};

#pragma clang attribute pop

#endif
