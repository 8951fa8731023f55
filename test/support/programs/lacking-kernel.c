/* Runs a program on a kernel that lacks hooks, for test/live/missing-hooks.test.ts: what bpf(2) answers of those named is
 * what such a kernel answers.
 *
 *   lacking-kernel [--no-io_uring] [--no-tracepoint NAME | --refuse-program NAME]... -- PROGRAM [ARGUMENT...]
 *
 * --no-io_uring has io_uring_setup(2) fail as where there is none.
 * A child decides on each call by seccomp's user notification (linux/seccomp.h), and lets all others pass. This process
 * becomes the program, so that signals are for that. */

#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_NAMES 32

static const char *tracepoints[MOST_NAMES], *programs[MOST_NAMES];
static int tracepoint_count, program_count, without_io_uring;

static void must(int succeeded, const char *what) {
  if (succeeded)
    return;
  fprintf(stderr, "lacking-kernel: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int is_named(const char *const *names, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (!strcmp(names[i], name))
      return 1;
  return 0;
}

static int read_memory(pid_t thread, uint64_t address, void *into, size_t size) {
  struct iovec here = {into, size}, there = {(void *)(uintptr_t)address, size};
  return process_vm_readv(thread, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* As the verifier does: its last words before the figures. */
static void write_log(pid_t thread, const union bpf_attr *attr) {
  static const char log[] = "0: (85) call bpf_lacking#999\ninvalid func bpf_lacking#999\nprocessed 1 insns (limit 1000000)\n";
  if (!attr->log_level || attr->log_size < sizeof log)
    return;
  struct iovec here = {(void *)log, sizeof log}, there = {(void *)(uintptr_t)attr->log_buf, sizeof log};
  must(process_vm_writev(thread, &here, 1, &there, 1, 0) == sizeof log, "process_vm_writev");
}

/* The error of a call of bpf(2), or 0 to let it pass. */
static int error_of(const struct seccomp_notif *call) {
  union bpf_attr attr = {0};
  char name[64] = "";
  size_t size = call->data.args[2] < sizeof attr ? call->data.args[2] : sizeof attr;
  if (!read_memory(call->pid, call->data.args[1], &attr, size))
    return 0;
  switch (call->data.args[0]) {
  case BPF_RAW_TRACEPOINT_OPEN:
    /* Names are short and not at the end of a page: they are the addon's constants. */
    if (!attr.raw_tracepoint.name || !read_memory(call->pid, attr.raw_tracepoint.name, name, 32))
      return 0;
    return is_named(tracepoints, tracepoint_count, name) ? ENOENT : 0;
  case BPF_PROG_LOAD:
    /* Of two instructions is what libbpf loads in a program's place (native/src/loading/ready_program.cc): no verifier minds it. */
    if (attr.insn_cnt <= 2 || !is_named(programs, program_count, attr.prog_name))
      return 0;
    write_log(call->pid, &attr);
    return EINVAL;
  default:
    return 0;
  }
}

/* Until no process is left whose calls come here. */
static void answer_calls(int listener) {
  struct seccomp_notif call;
  struct pollfd ready = {.fd = listener, .events = POLLIN};
  while (poll(&ready, 1, -1) > 0 && !(ready.revents & POLLHUP)) {
    memset(&call, 0, sizeof call);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
      continue; /* its thread is gone */
    struct seccomp_notif_resp answer = {.id = call.id, .error = -error_of(&call)};
    if (!answer.error)
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}

static int listen_to_bpf(void) {
  struct sock_filter instructions[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, without_io_uring ? SECCOMP_RET_ERRNO | ENOSYS : SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof instructions / sizeof *instructions, instructions};
  int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  must(listener >= 0, "seccomp");
  return listener;
}

/* Shares the table of descriptors with this process until that becomes the program. */
static void start_answering(int numbers) {
  pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  must(child >= 0, "clone");
  if (child)
    return;
  int listener;
  must(read(numbers, &listener, sizeof listener) == sizeof listener, "read");
  /* What the program writes to ends with the program. */
  close(STDIN_FILENO);
  answer_calls(listener);
  _exit(0);
}

int main(int count, char **words) {
  int i = 1;
  if (count > 1 && !strcmp(words[1], "--no-io_uring"))
    without_io_uring = i++;
  for (; i + 1 < count && strcmp(words[i], "--"); i += 2) {
    if (!strcmp(words[i], "--no-tracepoint") && tracepoint_count < MOST_NAMES)
      tracepoints[tracepoint_count++] = words[i + 1];
    else if (!strcmp(words[i], "--refuse-program") && program_count < MOST_NAMES)
      programs[program_count++] = words[i + 1];
    else
      return 2;
  }
  if (i + 1 >= count)
    return 2;
  int numbers[2];
  must(pipe(numbers) == 0, "pipe");
  start_answering(numbers[0]);
  int listener = listen_to_bpf();
  must(write(numbers[1], &listener, sizeof listener) == sizeof listener, "write");
  execvp(words[i + 1], words + i + 1);
  must(0, words[i + 1]);
}
