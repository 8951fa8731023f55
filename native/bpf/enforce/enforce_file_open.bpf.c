/* Refuses opens, by BPF LSM. */

#include "enforce/enforce_lsm.h"
#include "enforce/enforce_opening.h"

#define REFUSED_OPEN_FIXED (sizeof(struct event_open) + MET_ROOM)
_Static_assert(OPEN_LONGEST + MET_ROOM <= LONGEST_RECORD, "room in a draft");

/* Makes the record of an open that is refused: of a failed call, but with its file. A global function, as put_path()
 * is: the loop of its copy is looked at once. */
__noinline int tell_refused_open(const struct refused_open *refused) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!refused)
    return 0;
  u64 file = refused->file;
  struct enforce_draft *draft = begin_refused(&record, task, refused->type, REFUSED_OPEN_FIXED);
  if (!draft)
    return 0;
  struct call call = call_of(task);
  struct open_arguments arguments = {.dirfd = AT_FDCWD};
  if (refused->way == WAY_NATIVE)
    arguments = open_arguments(refused->type, &call);
  arguments.flags = LOAD(file, file, f_flags);
  struct event_open *event = (void *)record.header;
  clear_descriptor((void *)event);
  event->elsewhere = ABSENT;
  event->header.fd = -1;
  event->header.reserved = refused->reserved;
  *(u64 *)(event + 1) = refused->met;
  event->dirfd = arguments.dirfd;
  event->open_flags = common_open_flags(arguments.flags);
  event->mode = arguments.flags & (O_CREAT | O_TMPFILE_BIT) ? arguments.mode : 0;
  event->resolve = arguments.resolve;
  event->raw = append_text(&record, &call, arguments.path, OPEN_RAW_LIMIT + MET_ROOM);
  if (is_relative(&record, event->raw, OPEN_RAW_LIMIT + MET_ROOM) || event_type(&record) == EVENT_OPEN_BY_HANDLE_AT)
    event->directory = append_directory(&record, task, arguments.dirfd, OPEN_DIRECTORY_LIMIT + MET_ROOM);
  u32 has = describe_file((void *)event, file);
  event->state |= DESCRIPTOR_NAME_CHANGED;
  event->kind = counts_as_directory(&arguments, file) ? 'd' : 'f';
  append_resolved(&record, file, task, has, OPEN_RESOLVED_LIMIT + MET_ROOM);
  if (has == HAS_PATH)
    event->elsewhere = append_path_elsewhere(&record, path_of(file), OPEN_ELSEWHERE_LIMIT + MET_ROOM);
  publish(draft, &record);
  return 0;
}

#define SB_KERNMOUNT (1 << 22)
#define DUMPS_CORE 0x00000200 /* PF_DUMPCORE */

/* Whether a file is opened by the kernel for itself, within a call: a layer of an overlay, the core of a process that
 * is killed there. From 6.7 on layers are on mounts that no namespace has (an error in place of it); so are files
 * without a place, as those in memory, but these processes may open again. */
inline_always bool is_internal(struct task_struct *task, u64 file, u64 inode) {
  if (task->flags & DUMPS_CORE)
    return true;
  /* Before 6.7 a layer has the path of the file in the overlay, which was decided about. */
  if (LOAD_WORD(dentry, LOAD_WORD(file, file, f_path.dentry), d_inode) != inode)
    return true;
  u64 space = LOAD_WORD(mount, LOAD_WORD(file, file, f_path.mnt) - MNT_OFFSET, mnt_ns);
  u64 flags = LOAD(super_block, LOAD_WORD(inode, inode, i_sb), s_flags);
  return space >= (u64)-4095 && !(flags & SB_KERNMOUNT);
}

/* The same, by credentials that are not the task's. Requests of io_uring may have others, too. */
inline_always bool is_by_kernel(struct task_struct *task, u32 way) {
  return way != WAY_IO_URING && has_other_credentials(task);
}

/* Whether the filter drops an open that succeeds: it matches no rule then. A global function, as put_path() is: before
 * 6.2 what it keeps on the stack leaves too little for tell_refused_open(). */
__noinline int filter_drops(const struct refused_open *open, u64 image, u64 combination) {
  struct filter *filter = find_filter();
  struct record record = {.image = image};
  if (!filter || !open)
    return false;
  u64 clauses = clauses_of_call(filter, &record, open->type, 0, FILTER_OPEN);
  if (open->type == EVENT_OPEN_BY_HANDLE_AT || open->may_be_request)
    clauses |= clauses_of_call(filter, &record, EVENT_OPENAT, 0, FILTER_OPEN);
  if (open->may_be_request)
    clauses |= clauses_of_call(filter, &record, EVENT_OPENAT2, 0, FILTER_OPEN);
  clauses &= filter->opens[combination % FILTER_OPEN_COMBINATIONS];
  return !(clauses & filter->any_path) && !(clauses & clauses_of_file(filter, open->file));
}

SEC("lsm/file_open") int enforce_file_open(void *ctx) {
  struct task_struct *task = bpf_get_current_task_btf();
  const struct enforcement *table = find_enforcement();
  struct refused_open open = {.file = hook_argument(ctx, 0)};
  if (!table || task->flags & KERNEL_THREAD)
    return 0;
  find_opening(&open, task);
  u64 clauses = possible_clauses(table, &open);
  if (likely(!clauses))
    return 0;
  u64 inode = LOAD_WORD(file, open.file, f_inode);
  if (is_internal(task, open.file, inode))
    return 0;
  u32 format = LOAD(inode, inode, i_mode) & FORMAT_MASK;
  if (format != FORMAT_REGULAR && format != FORMAT_DIRECTORY)
    clauses &= ~table->kills; /* its open may fail yet: its process is killed at the end */
  struct open_arguments arguments = {.flags = LOAD(file, open.file, f_flags)};
  u64 combination = combination_of(&arguments, open.file);
  opaque(combination);
  struct known_image known = {};
  find_image(&known);
  u64 image = known.at_once, doubtful;
  clauses = clauses_left(table, clauses & table->opens[combination % ENFORCE_OPEN_COMBINATIONS], image, &doubtful);
  doubtful &= ~table->kills; /* those are decided at the end, if they can't be here */
  if (!(clauses | doubtful) || filter_drops(&open, image, combination))
    return 0;
  u32 is_directory = !!(combination & COMBINATION_DIRECTORY);
  if (open.may_be_request) {
    if (!clauses_of_opened(table, open.file, clauses | doubtful, is_directory))
      return 0;
    settle_opening(&open, task); /* looks through all requests: only for a file that a rule is about */
    u64 own = clauses_of_opening(table, &open);
    clauses &= own;
    doubtful &= own;
  }
  if (is_by_kernel(task, open.way))
    return 0;
  open.met = clauses ? clauses_of_opened(table, open.file, clauses, is_directory) : 0;
  u64 open_question = !open.met && doubtful ? clauses_of_opened(table, open.file, doubtful, is_directory) : 0;
  if (likely(!(open.met | open_question)))
    return 0;
  open.reserved =
      open.met ? refuse_call(table, open.met, combination & COMBINATION_CREATED) : leave_in_doubt(table, open_question);
  bool refused = is_by_lsm(open.reserved);
  if (!open.type)
    open.type = EVENT_OPENAT; /* of a request */
  if (refused)
    tell_refused_open(&open);
  if (open.way != WAY_IO_URING)
    note_decision(OPEN_OF_THREAD(task), open.file, open.reserved);
  return refused ? -EPERM : 0;
}
