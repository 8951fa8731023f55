// Loads the programs of a BPF object together, as the agent does. If the kernel
// refuses that, loads them one by one, each with the object's maps and no other
// program, so that the verifier's words are on the one that is refused. One by
// one takes four times as long.
//
// usage: load-programs OBJECT tracepoints|events
//   events: as the addon does on kernels from 7.0 on
//   (native/src/loading/attachment.cc), for programs on trace events
// For each program a line "program NAME loaded|refused [MILLISECONDS [stack
// depth]]"; after a refusal the end of the verifier's log.
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../../native/bpf/hooks.h"

enum { MAX_PROGRAMS = 200, NAME_SIZE = 64, LOG_SIZE = 16 << 20, SHOWN_BYTES = 1500 };

static char verifier_log[LOG_SIZE];
static char messages[1 << 16];  // libbpf's own: what kept it from asking the verifier

static int keep_message(enum libbpf_print_level level, const char* format, va_list arguments) {
  size_t used = strlen(messages);
  if (level == LIBBPF_WARN) vsnprintf(messages + used, sizeof messages - used, format, arguments);
  return 0;
}

static bool on_events;

/* The twin of a program that follows processes, for the other kind of
 * attachment. */
#define IS_RAW(system, tracepoint, raw, event) || strcmp(name, #raw) == 0
#define IS_EVENT(system, tracepoint, raw, event) || strcmp(name, #event) == 0
static bool is_for_other_attachment(const char* name) {
  return on_events ? (false WASPREY_TASKS(IS_RAW)) : (false WASPREY_TASKS(IS_EVENT));
}

// Programs on cgroups are attached in one way alone.
static bool has_tracepoints(const struct bpf_object* object) {
  struct bpf_program* program;
  bpf_object__for_each_program(program, object) {
    if (bpf_program__type(program) == BPF_PROG_TYPE_RAW_TRACEPOINT) return true;
  }
  return false;
}

// Sets the constant that the programs' code is chosen by.
static bool set_on_trace_events(struct bpf_object* object) {
  if (!has_tracepoints(object)) return true;
  const struct btf* btf = bpf_object__btf(object);
  struct bpf_map* map = bpf_object__find_map_by_name(object, ".rodata");
  int section = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
  size_t size = 0;
  char* values = map ? bpf_map__initial_value(map, &size) : NULL;
  if (!values || section < 0) return false;
  const struct btf_type* type = btf__type_by_id(btf, section);
  const struct btf_var_secinfo* variable = btf_var_secinfos(type);
  for (int i = 0; i < btf_vlen(type); i++, variable++) {
    const struct btf_type* named = btf__type_by_id(btf, variable->type);
    if (strcmp(btf__name_by_offset(btf, named->name_off), "on_trace_events") != 0) continue;
    *(unsigned long long*)(values + variable->offset) = on_events;
    return true;
  }
  return false;
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static const char* end_of(const char* text) {
  size_t length = strlen(text);
  return length > SHOWN_BYTES ? text + length - SHOWN_BYTES : text;
}

enum { STATISTICS = 4, STEPS = 1 };  // levels of the verifier's log: the second costs many times the verification

static bool is_tracepoint_here(const struct bpf_program* program) {
  return on_events && bpf_program__type(program) == BPF_PROG_TYPE_RAW_TRACEPOINT &&
         strcmp(bpf_program__name(program), "tell_reader") != 0;
}

// Loads the program of that name alone, whose log is kept; without a name all
// of this attachment.
static int load(const char* path, const char* name, int log_level) {
  verifier_log[0] = messages[0] = 0;
  struct bpf_object* object = bpf_object__open_file(path, NULL);
  if (!object) return -errno;
  if (!set_on_trace_events(object)) return -ENOENT;
  struct bpf_program* program;
  bpf_object__for_each_program(program, object) {
    const char* own = bpf_program__name(program);
    if (is_tracepoint_here(program)) bpf_program__set_type(program, BPF_PROG_TYPE_TRACEPOINT);
    bpf_program__set_autoload(program, name ? strcmp(own, name) == 0 : !is_for_other_attachment(own));
    if (!name || strcmp(own, name) != 0) continue;
    bpf_program__set_log_level(program, log_level);
    bpf_program__set_log_buf(program, verifier_log, sizeof verifier_log);
  }
  int error = bpf_object__load(object);
  bpf_object__close(object);
  return error;
}

static bool report_alone(const char* path, const char* name) {
  double began = milliseconds();
  int error = load(path, name, STATISTICS);
  double took = milliseconds() - began;
  const char* depth = strstr(verifier_log, "stack depth ");
  printf("program %s %s %.0f %.*s\n", name, error ? "refused" : "loaded", took, depth ? (int)strcspn(depth, "\n") : 0,
         depth ? depth : "");
  if (error) {
    load(path, name, STEPS);
    printf("%s\n%s\n%s\n", strerror(-error), end_of(verifier_log), verifier_log[0] ? "" : end_of(messages));
  }
  fflush(stdout);
  return error == 0;
}

int main(int count, char** words) {
  static char names[MAX_PROGRAMS][NAME_SIZE];
  int known = 0, refused = 0;
  if (count != 3) return 2;
  on_events = strcmp(words[2], "events") == 0;
  libbpf_set_print(keep_message);
  struct bpf_object* object = bpf_object__open_file(words[1], NULL);
  if (!object) {
    perror(words[1]);
    return 2;
  }
  struct bpf_program* program;
  bpf_object__for_each_program(program, object) {
    if (known < MAX_PROGRAMS && !is_for_other_attachment(bpf_program__name(program)))
      snprintf(names[known++], NAME_SIZE, "%s", bpf_program__name(program));
  }
  bpf_object__close(object);
  bool all_loaded = load(words[1], NULL, 0) == 0;
  for (int i = 0; i < known; i++) {
    if (all_loaded)
      printf("program %s loaded\n", names[i]);
    else
      refused += !report_alone(words[1], names[i]);
  }
  return refused != 0;
}
