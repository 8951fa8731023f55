// Prints the ns that the kernel's statistics have for a run of a BPF program that does nothing, at the end of a system
// call: what they cost themselves.
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CALLS = 300000 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int bpf(enum bpf_cmd command, union bpf_attr *attributes) {
  long result = syscall(SYS_bpf, command, attributes, sizeof *attributes);
  if (result < 0) fail("bpf");
  return (int)result;
}

static int load_empty(void) {
  static const struct bpf_insn instructions[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr attributes = {
      .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
      .insns = (uint64_t)(uintptr_t)instructions,
      .insn_cnt = sizeof instructions / sizeof *instructions,
      .license = (uint64_t)(uintptr_t)"GPL",
  };
  return bpf(BPF_PROG_LOAD, &attributes);
}

static struct bpf_prog_info info_of(int program) {
  struct bpf_prog_info info = {0};
  union bpf_attr attributes = {
      .info = {.bpf_fd = (uint32_t)program, .info_len = sizeof info, .info = (uint64_t)(uintptr_t)&info}};
  bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes);
  return info;
}

int main(void) {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  if (sched_setaffinity(0, sizeof first, &first)) fail("sched_setaffinity");
  bpf(BPF_ENABLE_STATS, &(union bpf_attr){.enable_stats = {.type = BPF_STATS_RUN_TIME}});
  int program = load_empty();
  bpf(BPF_RAW_TRACEPOINT_OPEN,
      &(union bpf_attr){.raw_tracepoint = {.name = (uint64_t)(uintptr_t)"sys_exit", .prog_fd = (uint32_t)program}});
  for (int i = 0; i < CALLS; i++) syscall(SYS_getppid);
  struct bpf_prog_info info = info_of(program);
  printf("%.2f\n", (double)info.run_time_ns / (double)info.run_cnt);
  return 0;
}
