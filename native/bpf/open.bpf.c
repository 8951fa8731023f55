/* open, openat, openat2, creat, open_by_handle_at. */

#include "filter/filter_path.h"
#include "open_flags.h"

#define FLAGS_OF_FILE (O_ACCMODE | O_TMPFILE_BIT)

struct open_arguments {
  u64 path;
  s32 dirfd;
  u32 flags;
  u32 mode;
  u32 resolve;
  bool unread; /* the structure of openat2 is unreadable now: flags, mode and resolve are not known */
};

#define OPEN_RAW_LIMIT sizeof(struct event_open)
#define OPEN_DIRECTORY_LIMIT (OPEN_RAW_LIMIT + LONGEST_TEXT + 1)
#define OPEN_RESOLVED_LIMIT (OPEN_DIRECTORY_LIMIT + LONGEST_TEXT + 1)
#define OPEN_ELSEWHERE_LIMIT (OPEN_RESOLVED_LIMIT + LONGEST_TEXT + 1)
#define OPEN_LONGEST (OPEN_ELSEWHERE_LIMIT + PATH_ROOM)
_Static_assert(OPEN_LONGEST <= LONGEST_RECORD, "slack of the ring");

inline_always struct open_arguments open_arguments(u32 type, const struct call *call) {
  struct open_how how = {};
  bool unread = false;
  switch (type) {
    case EVENT_OPENAT:
      return (struct open_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0), ARGUMENT(call, 2), ARGUMENT(call, 3), 0};
    case EVENT_OPENAT2:
      if (call->way == WAY_IO_URING) /* in place of the struct's address */
        how = (struct open_how){ARGUMENT(call, 2), ARGUMENT(call, 3), ARGUMENT(call, 4)};
      else
        unread = bpf_probe_read_user(&how, sizeof(how), untagged(ARGUMENT(call, 2)));
      return (struct open_arguments){ARGUMENT(call, 1), ARGUMENT(call, 0),   PINNED(how.flags),
                                     PINNED(how.mode),  PINNED(how.resolve), unread};
    case EVENT_CREAT:
      return (struct open_arguments){ARGUMENT(call, 0), AT_FDCWD, CREAT_FLAGS, ARGUMENT(call, 1), 0};
    case EVENT_OPEN_BY_HANDLE_AT: /* a handle, no path */
      return (struct open_arguments){0, ARGUMENT(call, 0), ARGUMENT(call, 2), 0, 0};
    default:
      return (struct open_arguments){ARGUMENT(call, 0), AT_FDCWD, ARGUMENT(call, 1), ARGUMENT(call, 2), 0};
  }
}

/* The access that a file was opened for, and whether it has no name, from the open file if there is one: openat2's
 * structure may have been changed since the kernel read it. The file does not show creation and truncation: where the
 * structure is gone, as with a private page of the file that this call has truncated, truncation is assumed. With
 * O_PATH there is no access. */
inline_always void take_access(struct open_arguments *arguments, u64 file) {
  u32 flags = file ? LOAD(file, file, f_flags) : O_PATH;
  if (!(flags & O_PATH))
    arguments->flags =
        (arguments->flags & ~FLAGS_OF_FILE) | (flags & FLAGS_OF_FILE) | (arguments->unread ? O_TRUNC : 0);
}

/* Whether rules take the open file for a directory. As in Falco they do so for a file without a name (O_TMPFILE),
 * because the name passed is that of a directory: nothing by that name is written. Linking the file to a name is an
 * event of its own. */
inline_always bool counts_as_directory(const struct open_arguments *arguments, u64 file) {
  u64 inode = LOAD_WORD(file, file, f_inode);
  return (LOAD(inode, inode, i_mode) & FORMAT_MASK) == FORMAT_DIRECTORY || arguments->flags & O_TMPFILE_BIT;
}

inline_always void write_open(struct record *record, struct task_struct *task, const struct call *call, s64 result) {
  struct open_arguments arguments = open_arguments(event_type(record), call);
  struct event_open *event = (void *)record->header;
  u64 file = result < 0 ? 0 : file_of(call, task, result);
  take_access(&arguments, file);
  clear_descriptor((void *)event);
  event->elsewhere = ABSENT;
  event->header.fd = fd_of(call, result);
  event->dirfd = arguments.dirfd;
  event->open_flags = common_open_flags(arguments.flags);
  event->mode = arguments.flags & (O_CREAT | O_TMPFILE_BIT) ? arguments.mode : 0;
  event->resolve = arguments.resolve;
  event->raw = append_text(record, call, arguments.path, OPEN_RAW_LIMIT);
  if (is_relative(record, event->raw, OPEN_RAW_LIMIT) || event_type(record) == EVENT_OPEN_BY_HANDLE_AT)
    event->directory = append_directory(record, task, arguments.dirfd, OPEN_DIRECTORY_LIMIT);
  if (result >= 0)
    event->kind = 'f'; /* until it is known better */
  if (file) {
    u32 has = describe_file((void *)event, file);
    event->state |= DESCRIPTOR_NAME_CHANGED;
    /* Falco's type of whatever else open(2) opens: devices and pipes too */
    event->kind = counts_as_directory(&arguments, file) ? 'd' : 'f';
    if (LOAD(file, file, f_mode) & FILE_CREATED)
      event->state |= DESCRIPTOR_CREATED;
    append_resolved(record, file, task, has, OPEN_RESOLVED_LIMIT);
    if (has == HAS_PATH)
      event->elsewhere = append_path_elsewhere(record, path_of(file), OPEN_ELSEWHERE_LIMIT);
  }
  commit(record);
  bool closed = !file && call->way != WAY_IO_URING; /* already; io_uring counts its own */
  if (result >= 0 && (closed || arguments.unread))
    count_unkept(event_type(record));
}

inline_always u64 combination_of(const struct open_arguments *arguments, u64 file) {
  u64 combination = arguments->flags & O_ACCMODE;
  if (arguments->flags & O_CREAT)
    combination |= COMBINATION_CREATE;
  if (arguments->flags & O_TRUNC)
    combination |= COMBINATION_TRUNCATE;
  if (arguments->flags & O_TMPFILE_BIT)
    combination |= COMBINATION_TEMPORARY;
  if (!file)
    return combination;
  bool directory = counts_as_directory(arguments, file);
  bool created = LOAD(file, file, f_mode) & FILE_CREATED;
  return combination | (directory ? COMBINATION_DIRECTORY : COMBINATION_FILE) | (created ? COMBINATION_CREATED : 0);
}

/* Whether any rule can match the call: by process and result, by its flags, and by either name. */
inline_always bool passes_open(struct record *record, struct task_struct *task) {
  struct filter *filter = find_filter();
  if (!filter)
    return true;
  u64 type = record->type;
  s64 result = record->result;
  u64 clauses = clauses_of_call(filter, record, type, result, FILTER_OPEN);
  if (type == EVENT_OPEN_BY_HANDLE_AT)
    clauses |= clauses_of_call(filter, record, EVENT_OPENAT, result, FILTER_OPEN);
  if (!clauses)
    return filtered(record, type);
  struct call call = call_of(task);
  struct open_arguments arguments = open_arguments(type, &call);
  u64 file = file_at(task, result);
  if (result >= 0 && (!file || arguments.unread))
    return true; /* another thread has closed it, or its flags are not known */
  take_access(&arguments, file);
  u64 combination = combination_of(&arguments, file);
  opaque(combination); /* or clang would leave out the mask, which 6.1 needs */
  clauses &= filter->opens[combination % FILTER_OPEN_COMBINATIONS];
  if (!clauses)
    return filtered(record, type);
  if (clauses & filter->any_path)
    return true;
  if (type == EVENT_OPEN_BY_HANDLE_AT) /* rules on the passed path read another one, or none where it failed */
    return true;
  u64 relative = 0;
  if (clauses & clauses_of_passed(filter, arguments.path, &relative))
    return true;
  if (relative && clauses & clauses_below(filter, task, arguments.dirfd))
    return true;
  if (file && clauses & clauses_of_opened_file(filter, file))
    return true;
  return filtered(record, type);
}

HOOK_PROGRAM(on_open) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!begin(&record, ctx, task) || !passes_open(&record, task) ||
      !reserve(&record, task, OPEN_LONGEST, sizeof(struct event_open)))
    return PASS_ON;
  struct call call = call_of(task);
  write_open(&record, task, &call, result_of(ctx));
  return PASS_ON;
}
