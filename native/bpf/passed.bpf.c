/* Makes the event of a call that was collected in passed_calls. One program serves nearly all shapes of events: such
 * calls are rare, and each loaded program costs time at the start. */

#include "passed.h"

inline_always bool reserve_passed(struct record *record, const struct passed_call *passed, struct task_struct *task,
                                  u64 longest, u64 fixed) {
  if (!reserve_of(record, passed->type, passed->result, task, longest, fixed))
    return false;
  record->header->tid = passed->tid; /* io_uring: who asked, not who did it */
  record->header->reserved = passed->enforced;
  record->flags = passed->flags;
  return true;
}

/* Not inlined: with these variables in its own frame, write_passed() would exceed the stack of 512 bytes when it walks
 * a path. */
static __noinline void write_passed_send(struct record *record, const struct passed_call *passed,
                                         struct task_struct *task, const struct call *call) {
  struct sending sending;
  if (!find_send(&sending, call, task, passed->type, passed->result))
    return;
  forget_begun(&sending.used);
  if (!reserve_send(record, call, &sending, task))
    return;
  record->header->tid = passed->tid;
  record->header->reserved = passed->enforced;
  record->flags = passed->flags;
  write_send(record, call, &sending);
}

static __noinline void write_passed_socket(struct record *record, struct passed_call *passed, struct task_struct *task,
                                           const struct call *call) {
  u32 type = passed->type;
  struct used_socket used = find_socket_of(type, call, task, passed->result);
  forget_begun(&used);
  if (type == EVENT_CONNECT)
    passed->result = result_of_connect(passed->result, used.sock);
  if (reserve_passed(record, passed, task, NETWORK_LONGEST, sizeof(struct event_network)))
    write_socket(record, task, call, &used, passed->result);
}

static __noinline void write_passed_receive(struct record *record, const struct passed_call *passed,
                                            struct task_struct *task, const struct call *call) {
  u64 file = find_receive(call, task, passed->result);
  if (file && reserve_passed(record, passed, task, NETWORK_LONGEST, sizeof(struct event_network)))
    write_receive(record, call, file, passed->result);
}

/* The event of a type's native calls, by the slot of their program, for calls that came another way. */
#define SLOT(key, program, reached) SLOT_OF_##program = key,
enum { WASPREY_SLOTS(SLOT) };
#undef SLOT
#define TYPE(name, type, shape, program, makes_fd) [type] = SLOT_OF_##program,
static const u8 slots_of_types[EVENT_TYPE_COUNT] = {WASPREY_EVENT_TYPES(TYPE)};
#undef TYPE

SEC("raw_tp") int write_passed(void *ctx) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  struct passed_call *passed = passed_space();
  if (!passed || !open_record(&record))
    return PASS_ON;
  record.image = passed->image;
  record.of_other = passed->process != (u32)task->tgid;
  record.share = record.of_other * OF_SUBMITTER;
  struct call call = {.passed = passed->passed, .way = passed->way, .fd = passed->fd, .file = passed->file};
  s64 result = passed->result;
  u64 type = passed->type;
  opaque(type);
  if (type >= EVENT_TYPE_COUNT)
    return PASS_ON;
  switch (slots_of_types[type]) {
    case SLOT_OPEN:
      if (reserve_passed(&record, passed, task, OPEN_LONGEST, sizeof(struct event_open)))
        write_open(&record, task, &call, result);
      break;
    case SLOT_EXECVE:
      if (reserve_passed(&record, passed, task, EXEC_LONGEST, sizeof(struct event_exec)))
        write_exec(&record, task, &call);
      break;
    case SLOT_SOCKET:
      write_passed_socket(&record, passed, task, &call);
      break;
    case SLOT_SEND:
      write_passed_send(&record, passed, task, &call);
      break;
    case SLOT_RECEIVE:
      write_passed_receive(&record, passed, task, &call);
      break;
    case SLOT_PATH:
      if (reserve_passed(&record, passed, task, PATH_LONGEST, sizeof(struct event_path)))
        write_path(&record, task, &call);
      break;
    case SLOT_PATHS:
      if (reserve_passed(&record, passed, task, PATHS_LONGEST, sizeof(struct event_paths)))
        write_paths(&record, task, &call);
      break;
    case SLOT_DESCRIPTOR:
      if (reserve_passed(&record, passed, task, DESCRIPTOR_LONGEST, sizeof(struct event_descriptor)))
        write_descriptor(&record, task, &call, result);
      break;
    case SLOT_PROCESS:
      if (reserve_passed(&record, passed, task, PROCESS_LONGEST, sizeof(struct event_process)))
        write_process(&record, task, &call);
      break;
    default:
      break;
  }
  if (unlikely(passed->settle))
    bpf_tail_call(ctx, &programs, SLOT_SETTLE);
  return PASS_ON;
}

/* The same for sendmmsg and recvmmsg, which have no request of io_uring. It is a separate program because of
 * the stack: a loop reports the messages by a function, four frames deep. */
SEC("raw_tp") int write_passed_many(void *ctx) {
  struct passed_call *passed = passed_space();
  if (!passed)
    return PASS_ON;
  struct call call = {.passed = passed->passed, .way = passed->way};
  tell_messages(&call, passed->type, passed->result, passed->image, passed->enforced);
  return PASS_ON;
}
