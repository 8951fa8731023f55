/* x86-64: the registers of a system call, and what shows a 32-bit one. */

#ifndef WASPREY_VMLINUX_X86_H
#define WASPREY_VMLINUX_X86_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
  unsigned long bp;
  unsigned long bx;
  unsigned long r10;
  unsigned long r9;
  unsigned long r8;
  unsigned long ax;
  unsigned long cx;
  unsigned long dx;
  unsigned long si;
  unsigned long di;
  unsigned long orig_ax;
};

struct thread_info {
  u32 status;
};

#pragma clang attribute pop

#endif
