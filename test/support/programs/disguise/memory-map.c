// What the kernel knows of the memory of a process.
#define _GNU_SOURCE
#include "disguise.h"
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// The addresses of a process that /proc/self/stat has, by the numbers of its
// fields.
static unsigned long stat_field(int number) {
  char line[2048];
  FILE *stat = fopen("/proc/self/stat", "r");
  if (!stat || !fgets(line, sizeof(line), stat))
    err(1, "/proc/self/stat");
  fclose(stat);
  char *field = strrchr(line, ')'); // the end of the second
  for (int at = 2; at < number; at++)
    field = strchr(field + 1, ' ');
  return strtoul(field + 1, NULL, 10);
}

// The process's memory, as the kernel knows it.
struct prctl_mm_map known_memory(void) {
  return (struct prctl_mm_map){
      .start_code = stat_field(26),
      .end_code = stat_field(27),
      .start_stack = stat_field(28),
      .start_data = stat_field(45),
      .end_data = stat_field(46),
      .start_brk = stat_field(47),
      .brk = (uintptr_t)sbrk(0),
      .arg_start = stat_field(48),
      .arg_end = stat_field(49),
      .env_start = stat_field(50),
      .env_end = stat_field(51),
      .exe_fd = (uint32_t)-1,
  };
}

void set_memory(struct prctl_mm_map map) {
  if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) != 0)
    err(1, "PR_SET_MM");
}
