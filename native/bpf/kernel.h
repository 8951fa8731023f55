/* Reads of kernel memory: direct loads through bpf_rdonly_cast if the kernel has it (from 6.2 on), probe reads
 * otherwise. A direct load costs a fifteenth of bpf_probe_read_kernel; both give 0 for an address that faults. */

#ifndef WASPREY_KERNEL_H
#define WASPREY_KERNEL_H

#include "vmlinux/vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define inline_always static __always_inline
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* On a struct of ours that names members of a kernel's: their offsets are those of the kernel it runs on. */
#define RELOCATED __attribute__((preserve_access_index))

/* Hides a register's value from clang's optimizer, so that a bounds check stays where the verifier needs it. */
#define opaque(value) asm volatile("" : "+r"(value))

/* A number kept within bounds, as 64 bits in one register. Left to itself, clang compares 32 of them, or compares a
 * copy after it has spilled the number. The verifier of 6.1 then does not know the bounds of what comes back from the
 * stack. */
#define BOUNDED(number, least, most)                                             \
  ({                                                                             \
    u64 bounded = (number);                                                      \
    opaque(bounded);                                                             \
    bounded = bounded > (most) ? (most) : bounded < (least) ? (least) : bounded; \
    opaque(bounded);                                                             \
    bounded;                                                                     \
  })

/* The kernel's struct of that type at any address. The verifier drops the untaken branch of HAS_CAST. */
extern void *bpf_rdonly_cast(const void *obj__ign, u32 btf_id__k) __ksym __weak;
#define HAS_CAST bpf_ksym_exists(bpf_rdonly_cast)
#define CAST(type, address) \
  ((struct type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(struct type)))

/* A member of the kernel struct at an address; the member may be a path (`d_name.len`) but may not follow pointers. The
 * address is computed first: within bpf_core_read() clang would also relocate the members that it is computed from. */
#define LOAD(type, address, member)                                                           \
  ({                                                                                          \
    __typeof_unqual__(((struct type *)0)->member) load_value;                                 \
    u64 load_address = (u64)(address);                                                        \
    if (HAS_CAST)                                                                             \
      load_value = CAST(type, load_address)->member;                                          \
    else                                                                                      \
      bpf_core_read(&load_value, sizeof(load_value), &((struct type *)load_address)->member); \
    load_value;                                                                               \
  })

/* Eight bytes at any address. struct timespec64 stands in for "a u64": a cast needs a struct, and this one has been the
 * same in all kernels. */
inline_always u64 load_word(u64 address) {
  u64 value;
  if (HAS_CAST)
    value = CAST(timespec64, address)->tv_sec;
  else
    bpf_probe_read_kernel(&value, sizeof(value), (void *)address);
  return value;
}

/* The word at a member of the kernel struct at an address: a pointer as a plain number, to the verifier too.
 * Through typed pointers (task->mm->exe_file) the verifier goes by its own knowledge of the types, for which it
 * looks through all types of the kernel by name at each load of a pointer, each time it comes by
 * (btf_nested_type_is_trusted, 0.7 ms): half of the time that loading took. They are for helpers that want one. */
#define LOAD_WORD(type, address, member) load_word((u64)(address) + bpf_core_field_offset(struct type, member))

/* Copies of arrays and other data that need no cast. */
#define READ(destination, source) bpf_probe_read_kernel(destination, sizeof(*(destination)), source)

/* Address of the number a struct pid has at a level of namespaces. */
inline_always u64 upid_at(u64 pid, u32 level) {
  return pid + bpf_core_field_offset(struct pid, numbers) + level * sizeof(struct upid);
}

#endif
