// Counts the instructions of some calls, the kernel's and its own, in a guest whose clock goes on by one with each instruction (QEMU's -icount, with
// a shift of 0). Prints the least of many rounds, which no interrupt has disturbed, as JSON: {"getppid":N,"pipe":N,
// "missing":N,"open":N,"connect":N}.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

enum { ROUNDS = 400 };

static int pipe_ends[2];

static void nothing(void) {}

static void call_getppid(void) { syscall(SYS_getppid); }

static void write_to_pipe(void) {
  char byte = 0;
  syscall(SYS_write, pipe_ends[1], &byte, 1L);
}

static void open_missing(void) { syscall(SYS_openat, AT_FDCWD, "/etc/wasprey-bench-missing", O_RDONLY, 0); }

static void open_and_close(void) {
  long file = syscall(SYS_openat, AT_FDCWD, "/etc/hosts", O_RDONLY, 0);
  if (syscall(SYS_close, file)) exit(1);
}

static int listener;
static struct sockaddr_in server;

static void listen_on_loopback(void) {
  socklen_t length = sizeof server;
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&server, sizeof server) || listen(listener, 16) ||
      getsockname(listener, (struct sockaddr *)&server, &length)) {
    perror("listen");
    exit(1);
  }
}

// The six calls of the workload `connect` of load.c.
static void connect_and_accept(void) {
  struct linger reset = {1, 0};
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, (struct sockaddr *)&server, sizeof server)) exit(1);
  int peer = accept(listener, 0, 0);
  setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (close(client) || close(peer)) exit(1);
}

static void empty_pipe(void) {
  char byte;
  if (read(pipe_ends[0], &byte, 1) != 1) exit(1);
}

static uint64_t least(void (*volatile call)(void), void (*after)(void)) {
  uint64_t fewest = UINT64_MAX;
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t before = __rdtsc();
    call();
    uint64_t taken = __rdtsc() - before;
    if (taken < fewest) fewest = taken;
    after();
  }
  return fewest;
}

int main(void) {
  if (pipe(pipe_ends)) {
    perror("pipe");
    return 1;
  }
  listen_on_loopback();
  // What counting takes itself.
  uint64_t own = least(nothing, nothing);
  printf("{\"getppid\":%llu,\"pipe\":%llu,\"missing\":%llu,\"open\":%llu,\"connect\":%llu}\n",
         (unsigned long long)(least(call_getppid, nothing) - own),
         (unsigned long long)(least(write_to_pipe, empty_pipe) - own),
         (unsigned long long)(least(open_missing, nothing) - own),
         (unsigned long long)(least(open_and_close, nothing) - own),
         (unsigned long long)(least(connect_and_accept, nothing) - own));
  return 0;
}
