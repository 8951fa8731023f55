/* Makes the event of a call that was put together in passed_calls. One program for all shapes of events: such calls are
 * rare, and each program that is loaded costs time at the start. */

#include "passed.h"

inline_always bool reserve_passed(struct record *record, const struct passed_call *passed, struct task_struct *task,
                                  u64 longest, u64 fixed) {
  if (!reserve_of(record, passed->type, passed->result, task, longest, fixed))
    return false;
  record->header->tid = passed->tid; /* io_uring: who asked, not who did it */
  record->flags = passed->flags;
  return true;
}

inline_always void write_passed_send(struct record *record, const struct passed_call *passed, struct task_struct *task,
                                     const struct call *call) {
  struct sending sending;
  if (!find_send(&sending, call, task, passed->type, passed->result) || !reserve_send(record, call, &sending, task))
    return;
  record->header->tid = passed->tid;
  record->flags = passed->flags;
  write_send(record, call, &sending);
}

inline_always void write_passed_receive(struct record *record, const struct passed_call *passed,
                                        struct task_struct *task, const struct call *call) {
  u64 file = find_receive(call, task, passed->result);
  if (file && reserve_passed(record, passed, task, NETWORK_LONGEST, sizeof(struct event_network)))
    write_receive(record, call, file, passed->result);
}

SEC("raw_tp") int write_passed(void *ctx) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  struct passed_call *passed = passed_space();
  if (!passed || !open_record(&record))
    return 0;
  record.image = passed->image;
  struct call call = {.passed = passed->passed, .way = passed->way, .fd = passed->fd, .file = passed->file};
  s64 result = passed->result;
  switch (passed->type) {
    case EVENT_OPEN:
    case EVENT_OPENAT:
    case EVENT_OPENAT2:
    case EVENT_CREAT:
    case EVENT_OPEN_BY_HANDLE_AT:
      if (reserve_passed(&record, passed, task, OPEN_LONGEST, sizeof(struct event_open)))
        write_open(&record, task, &call, result);
      break;
    case EVENT_EXECVE:
    case EVENT_EXECVEAT:
      if (reserve_passed(&record, passed, task, EXEC_LONGEST, sizeof(struct event_exec)))
        write_exec(&record, task, &call, result);
      break;
    case EVENT_SOCKET:
    case EVENT_BIND:
    case EVENT_LISTEN:
    case EVENT_CONNECT:
    case EVENT_ACCEPT:
    case EVENT_ACCEPT4:
      if (reserve_passed(&record, passed, task, NETWORK_LONGEST, sizeof(struct event_network)))
        write_socket(&record, task, &call, result);
      break;
    case EVENT_SENDTO:
    case EVENT_SENDMSG:
      write_passed_send(&record, passed, task, &call);
      break;
    case EVENT_RECVFROM:
    case EVENT_RECVMSG:
      write_passed_receive(&record, passed, task, &call);
      break;
    case EVENT_SENDMMSG:
    case EVENT_RECVMMSG:
      tell_messages(&call, passed->type, result, passed->image);
      break;
    case EVENT_UNLINK:
    case EVENT_UNLINKAT:
    case EVENT_RMDIR:
    case EVENT_MKDIR:
    case EVENT_MKDIRAT:
    case EVENT_CHMOD:
    case EVENT_FCHMODAT:
    case EVENT_UMOUNT2:
      if (reserve_passed(&record, passed, task, PATH_LONGEST, sizeof(struct event_path)))
        write_path(&record, task, &call);
      break;
    case EVENT_RENAME:
    case EVENT_RENAMEAT:
    case EVENT_RENAMEAT2:
    case EVENT_LINK:
    case EVENT_LINKAT:
    case EVENT_SYMLINK:
    case EVENT_SYMLINKAT:
    case EVENT_MOUNT:
      if (reserve_passed(&record, passed, task, PATHS_LONGEST, sizeof(struct event_paths)))
        write_paths(&record, task, &call);
      break;
    case EVENT_FCHMOD:
    case EVENT_DUP:
    case EVENT_DUP2:
    case EVENT_DUP3:
    case EVENT_MEMFD_CREATE:
    case EVENT_SETNS:
    case EVENT_FINIT_MODULE:
    case EVENT_BPF:
      if (reserve_passed(&record, passed, task, DESCRIPTOR_LONGEST, sizeof(struct event_descriptor)))
        write_descriptor(&record, task, &call, result);
      break;
    default:
      if (reserve_passed(&record, passed, task, PROCESS_LONGEST, sizeof(struct event_process)))
        write_process(&record, task, &call);
  }
  return 0;
}
