/* Calls on a descriptor, or making one, and calls on mappings. */

#include "other_paths.h"
#include "mapping.h"

#define DESCRIPTOR_TEXT_LIMIT sizeof(struct event_descriptor)
#define DESCRIPTOR_VALUE_LIMIT (DESCRIPTOR_TEXT_LIMIT + LONGEST_TEXT + 1)
#define DESCRIPTOR_PATH_LIMIT (DESCRIPTOR_VALUE_LIMIT + LONGEST_TEXT + 1)
#define DESCRIPTOR_ELSEWHERE_LIMIT (DESCRIPTOR_PATH_LIMIT + LONGEST_TEXT + 1)
#define DESCRIPTOR_LONGEST (DESCRIPTOR_ELSEWHERE_LIMIT + PATH_ROOM)

struct descriptor_arguments {
  s64 fd; /* the descriptor that the event is about; negative: none */
  u64 text;
  u64 value;
  s32 old_fd;
  s32 new_fd;
  u32 flags;
  u32 mode;
  u32 owner;
  u32 group;
  u64 numbers[3];
};

/* Commands of fsconfig(2) whose value is a text: SET_STRING, SET_PATH, SET_PATH_EMPTY. */
#define FSCONFIG_TEXTS (1 << 1 | 1 << 3 | 1 << 4)

/* Commands of bpf(2) that return a descriptor; the others' results are counts and zeroes. */
#define BPF_MAKES_FD                                                                                                   \
  (1ull << BPF_MAP_CREATE | 1ull << BPF_PROG_LOAD | 1ull << BPF_OBJ_GET | 1ull << BPF_PROG_GET_FD_BY_ID |              \
   1ull << BPF_MAP_GET_FD_BY_ID | 1ull << BPF_RAW_TRACEPOINT_OPEN | 1ull << BPF_BTF_LOAD |                             \
   1ull << BPF_BTF_GET_FD_BY_ID | 1ull << BPF_LINK_CREATE | 1ull << BPF_LINK_GET_FD_BY_ID | 1ull << BPF_ENABLE_STATS | \
   1ull << BPF_ITER_CREATE | 1ull << 36 /* BPF_TOKEN_CREATE */)

inline_always struct descriptor_arguments descriptor_arguments(u32 type, const struct call *call, s64 result) {
  u64 first = ARGUMENT(call, 0), second = ARGUMENT(call, 1), third = ARGUMENT(call, 2);
  switch (type) {
    case EVENT_DUP:
      return (struct descriptor_arguments){.fd = result, .old_fd = first};
    case EVENT_DUP2:
      return (struct descriptor_arguments){.fd = result, .old_fd = first, .new_fd = second};
    case EVENT_DUP3:
      return (struct descriptor_arguments){
          .fd = result, .old_fd = first, .new_fd = second, .flags = common_open_flags(third)};
    case EVENT_FCHMOD:
      return (struct descriptor_arguments){.fd = (s32)first, .mode = second};
    case EVENT_FTRUNCATE:
      return (struct descriptor_arguments){.fd = (s32)first};
    case EVENT_FCHOWN:
      return (struct descriptor_arguments){.fd = (s32)first, .owner = second, .group = third};
    case EVENT_FSETXATTR:
    case EVENT_FREMOVEXATTR:
      return (struct descriptor_arguments){.fd = (s32)first, .text = second};
    case EVENT_FSOPEN:
      return (struct descriptor_arguments){.fd = result, .text = first};
    case EVENT_FSMOUNT:
      return (struct descriptor_arguments){.fd = result};
    case EVENT_FSCONFIG:
      return (struct descriptor_arguments){.fd = (s32)first,
                                           .text = third,
                                           .value = second < 32 && FSCONFIG_TEXTS >> second & 1 ? ARGUMENT(call, 3) : 0,
                                           .new_fd = ARGUMENT(call, 4),
                                           .flags = second};
    case EVENT_SETNS:
      return (struct descriptor_arguments){.fd = (s32)first, .flags = second};
    case EVENT_FINIT_MODULE:
      return (struct descriptor_arguments){.fd = (s32)first, .text = second, .flags = third};
    case EVENT_MEMFD_CREATE:
      return (struct descriptor_arguments){.fd = result, .text = first, .flags = second};
    case EVENT_USERFAULTFD:
      return (struct descriptor_arguments){.fd = result, .flags = common_open_flags(first)};
    case EVENT_MMAP:
      return (struct descriptor_arguments){.fd = ARGUMENT(call, 3) & MAP_ANONYMOUS ? -1 : (s32)ARGUMENT(call, 4),
                                           .flags = ARGUMENT(call, 3),
                                           .mode = third,
                                           .numbers = {first, second, ARGUMENT(call, 5)}};
    case EVENT_MPROTECT:
      return (struct descriptor_arguments){.fd = -1, .mode = third, .numbers = {first, second}};
    default: /* bpf */
      return (struct descriptor_arguments){.fd = first < 64 && BPF_MAKES_FD >> first & 1 ? result : -1, .flags = first};
  }
}

inline_always void write_descriptor(struct record *record, struct task_struct *task, const struct call *call,
                                    s64 result) {
  struct descriptor_arguments arguments = descriptor_arguments(event_type(record), call, result);
  struct event_descriptor *event = (void *)record->header;
  clear_descriptor(event);
  event->header.fd = arguments.fd < 0 ? -1 : arguments.fd;
  event->old_fd = arguments.old_fd;
  event->new_fd = arguments.new_fd;
  event->call_flags = arguments.flags;
  event->mode = arguments.mode;
  event->elsewhere = ABSENT;
  event->owner = arguments.owner;
  event->group = arguments.group;
  event->numbers[0] = arguments.numbers[0];
  event->numbers[1] = arguments.numbers[1];
  event->numbers[2] = arguments.numbers[2];
  event->text = append_text(record, call, arguments.text, DESCRIPTOR_TEXT_LIMIT);
  event->value = append_text(record, call, arguments.value, DESCRIPTOR_VALUE_LIMIT);
  u64 file = file_of(call, task, arguments.fd);
  if (event_type(record) == EVENT_MPROTECT)
    file = memfd_between(arguments.numbers[0], arguments.numbers[0] + arguments.numbers[1]);
  if (file == MAPPINGS_UNKNOWN) {
    event->kind = 'o';
  } else if (file) {
    u32 has = describe_file(event, file);
    append_resolved(record, file, task, has, DESCRIPTOR_PATH_LIMIT);
    if (has == HAS_PATH)
      event->elsewhere = append_path_elsewhere(record, path_of(file), DESCRIPTOR_ELSEWHERE_LIMIT);
    if (has == HAS_SOCKET)
      append_socket(record, sock_of(file), ROLE_BY_PORT, DESCRIPTOR_PATH_LIMIT);
  }
  commit(record);
}

/* Whether a command of fcntl(2) does what dup(2) does: F_DUPFD and F_DUPFD_CLOEXEC. */
inline_always bool duplicates(u32 command) {
  return command == 0 || command == 1030;
}

HOOK_PROGRAM(on_descriptor) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  if (number_of(ctx) == NATIVE_fcntl && !duplicates(ARGUMENT(&call, 1)))
    return PASS_ON;
  struct capture_shared *control = capture();
  if (!control || is_ordinary_memory(hook_of(ctx, control).type, &call))
    return PASS_ON;
  if (!begin(&record, ctx, task) || !passes_descriptor(&record, &call, task) ||
      !reserve(&record, task, DESCRIPTOR_LONGEST, sizeof(struct event_descriptor)))
    return PASS_ON;
  write_descriptor(&record, task, &call, result_of(ctx));
  return PASS_ON;
}
