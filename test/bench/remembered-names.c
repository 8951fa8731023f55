// Prints what it takes to find a remembered name, in ns: "PASSED RESOLVED", a line for each round. The BPF object is
// built from remembered-names.bpf.c.
// usage: remembered-names OBJECT ROUNDS
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/** Those of remembered names, and of the program's own variables: others that the headers declare are not used. */
static void make_few_maps(struct bpf_object *object) {
  struct bpf_map *map;
  bpf_object__for_each_map(map, object) {
    const char *name = bpf_map__name(map);
    bpf_map__set_autocreate(map, strncmp(name, "remembered_", 11) == 0 || strstr(name, ".bss") || strstr(name, ".rodata"));
  }
}

int main(int count, char **words) {
  if (count != 3) return 2;
  struct bpf_object *object = bpf_object__open_file(words[1], NULL);
  if (!object) fail("open");
  make_few_maps(object);
  if (bpf_object__load(object)) fail("load");
  int program = bpf_program__fd(bpf_object__find_program_by_name(object, "find_names"));
  int results = bpf_object__find_map_fd_by_name(object, ".bss");
  for (int rounds = atoi(words[2]); rounds > 0; rounds--) {
    LIBBPF_OPTS(bpf_test_run_opts, options);
    if (bpf_prog_test_run_opts(program, &options)) fail("run");
    uint32_t zero = 0;
    uint64_t ps[2];
    if (bpf_map_lookup_elem(results, &zero, ps)) fail("results");
    if (ps[0] == 0 || ps[1] == 0) {
      fprintf(stderr, "a name was not found\n");
      return 1;
    }
    printf("%.2f %.2f\n", (double)ps[0] / 1000, (double)ps[1] / 1000);
  }
  return 0;
}
