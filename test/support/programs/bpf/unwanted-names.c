// Makes each name that a capture's kernel filter remembers one that no clause wants. The BPF object is built from unwanted-names.bpf.c.
// usage: unwanted-names OBJECT PASSED RESOLVED: the ids of the capture's maps
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/** Takes both maps of the capture. Others that the headers declare are not used. */
static void take_maps(struct bpf_object *object, const char *passed, const char *resolved) {
  struct bpf_map *map;
  bpf_object__for_each_map(map, object) {
    const char *name = bpf_map__name(map);
    const char *id = !strcmp(name, "remembered_passed") ? passed : !strcmp(name, "remembered_resolved") ? resolved : 0;
    if (!id) {
      bpf_map__set_autocreate(map, strstr(name, ".rodata"));
      continue;
    }
    int fd = bpf_map_get_fd_by_id((uint32_t)atoi(id));
    if (fd < 0 || bpf_map__reuse_fd(map, fd)) fail(name);
  }
}

int main(int count, char **words) {
  if (count != 4) return 2;
  struct bpf_object *object = bpf_object__open_file(words[1], NULL);
  if (!object) fail("open");
  take_maps(object, words[2], words[3]);
  if (bpf_object__load(object)) fail("load");
  int program = bpf_program__fd(bpf_object__find_program_by_name(object, "change_names"));
  for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
    LIBBPF_OPTS(bpf_test_run_opts, options, .flags = BPF_F_TEST_RUN_ON_CPU, .cpu = (uint32_t)cpu);
    if (bpf_prog_test_run_opts(program, &options) && errno != ENXIO) fail("run"); // ENXIO: it is offline
  }
  return 0;
}
