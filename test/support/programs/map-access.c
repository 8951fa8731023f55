// Calls that are made while a task accesses a BPF map by bpf(2) on the same processor, preempted by the one that makes
// them: the map's value takes longer to copy than the other sleeps. Prints how often it was preempted.
// usage: map-access CPU CALLS
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { VALUE_BYTES = 4 << 20, SLEEP_NS = 200000 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long bpf(enum bpf_cmd command, union bpf_attr *attributes) {
  return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int make_map(void) {
  union bpf_attr attributes = {
      .map_type = BPF_MAP_TYPE_ARRAY, .key_size = sizeof(uint32_t), .value_size = VALUE_BYTES, .max_entries = 1};
  long map = bpf(BPF_MAP_CREATE, &attributes);
  if (map < 0) fail("BPF_MAP_CREATE");
  return (int)map;
}

static void *read_map(void *map) {
  uint32_t key = 0;
  void *value = malloc(VALUE_BYTES);
  union bpf_attr attributes = {
      .map_fd = (uint32_t)(intptr_t)map, .key = (uint64_t)(uintptr_t)&key, .value = (uint64_t)(uintptr_t)value};
  for (;;) {
    if (bpf(BPF_MAP_LOOKUP_ELEM, &attributes) != 0) fail("BPF_MAP_LOOKUP_ELEM");
  }
}

int main(int count, char **words) {
  if (count != 3) return 2;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(atoi(words[1]), &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) fail("sched_setaffinity");
  pthread_t reader;
  errno = pthread_create(&reader, NULL, read_map, (void *)(intptr_t)make_map());
  if (errno != 0) fail("pthread_create");
  if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}) != 0) fail("sched_setscheduler");
  for (int calls = atoi(words[2]); calls > 0; calls--) {
    nanosleep(&(struct timespec){.tv_nsec = SLEEP_NS}, NULL);
    if (umount2("/nonexistent/map-access", 0) == 0 || errno != ENOENT) fail("umount2");
  }
  struct rusage used; /* this thread is preempted by nobody */
  if (getrusage(RUSAGE_SELF, &used) != 0) fail("getrusage");
  printf("%ld\n", used.ru_nivcsw);
  return 0;
}
