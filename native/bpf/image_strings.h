/* The strings of a process image: paths, arguments and environment, appended to a draft. */

#ifndef WASPREY_IMAGE_STRINGS_H
#define WASPREY_IMAGE_STRINGS_H

#include "image.h"

/* Appends the path of a `struct path` at an address, as the task sees it. */
inline_always void append_image_path(struct draft *draft, struct string_ref *text, u64 path, struct task_struct *task) {
  u64 start = draft_filled(draft);
  u64 result = put_path_of((void *)draft->space->bytes + start - PATH_OVERLAP, path, task);
  text->offset = start;
  text->length = PATH_LENGTH(result);
  fill_draft(draft, text->offset + text->length);
  if (PATH_PARTIAL(result))
    draft->space->image.flags |= IMAGE_FLAG_TRUNCATED;
}

inline_always u64 put_executable(struct draft *draft, const struct place *place) {
  u64 start = draft_filled(draft);
  return put_path((void *)draft->space->bytes + start - PATH_OVERLAP, place->dentry, place->mnt, NO_ROOT, NO_ROOT);
}

/* Appends the path of an executable, by its place. */
inline_always void append_executable_path(struct draft *draft, const struct place *place) {
  struct image *image = &draft->space->image;
  u64 start = draft_filled(draft), before = 0;
  u64 result = put_executable(draft, place);
  if (PATH_PARTIAL(result)) {
    image->flags |= IMAGE_FLAG_TRUNCATED;
    __builtin_memcpy(draft->space->bytes + start, UNREACHABLE, UNREACHABLE_LENGTH);
    before = UNREACHABLE_LENGTH;
    fill_draft(draft, start + before);
    result = put_executable(draft, place);
  }
  u64 length = before + PATH_LENGTH(result);
  length = length < LONGEST_TEXT ? length : LONGEST_TEXT;
  image->executable = (struct string_ref){start, length};
  fill_draft(draft, start + length);
}

/* What is memory alone has no path: its dentry's name ("memfd:NAME") is used instead. */
inline_always void append_executable(struct draft *draft, struct task_struct *task) {
  struct image *image = &draft->space->image;
  u64 file = executable_of(task);
  if (!file)
    return;
  if (!(image->flags & IMAGE_FLAG_EXE_FROM_MEMFD)) {
    struct place place = {};
    find_executable(leader_of(task), file, &place);
    append_executable_path(draft, &place);
    return;
  }
  u64 start = draft_filled(draft);
  u64 dentry = LOAD_WORD(file, file, f_path.dentry);
  u64 length = name_length(dentry) & LONGEST_NAME;
  bpf_probe_read_kernel(draft->space->bytes + start, length, (void *)LOAD_WORD(dentry, dentry, d_name.name));
  image->executable = (struct string_ref){start, length};
  fill_draft(draft, start + length);
}

/* Sets the end of a memory area of another task that has no file behind it; 0 if the area maps a file. If there is no
 * area at the address, this is not called, and `end` stays 0. Reading pages of a file may block: a server in user space
 * (FUSE) may never answer. */
static long look_at_memory(struct task_struct *task, struct vm_area_struct *area, u64 *end) {
  u64 mapping = (u64)area;
  *end = LOAD_WORD(vm_area_struct, mapping, vm_file) ? 0 : LOAD_WORD(vm_area_struct, mapping, vm_end);
  return 0;
}

#define MEMORY_LOOKS 16 /* while other threads change the mappings */

struct memory_look {
  struct task_struct *task;
  u64 start;
  u64 end;
};

static long look_once(u32 index, struct memory_look *look) {
  return bpf_find_vma(look->task, look->start, look_at_memory, &look->end, 0) != -16 /* EBUSY */;
}

inline_always u64 end_of_memory(struct task_struct *task, u64 start) {
  struct memory_look look = {.task = task, .start = start};
  bpf_loop(MEMORY_LOOKS, look_once, &look, 0);
  return look.end;
}

/* Appends a range of a task's memory that holds strings, each ended by a NUL; the last one too when it is cut. `other`
 * is a constant: whether the task is not the current one, which only a sleepable program may ask. */
inline_always struct string_ref copy_memory(struct draft_space *space, struct task_struct *other, u64 start, u64 end) {
  struct draft draft = {.space = space};
  u64 length = end - start;
  if (end <= start)
    return (struct string_ref){};
  opaque(length);
  if (length > LONGEST_TEXT + 1) {
    length = LONGEST_TEXT + 1;
    space->image.flags |= IMAGE_FLAG_TRUNCATED;
  }
  u64 filled = draft_filled(&draft);
  u8 *bytes = space->bytes + filled;
  long failed = other ? bpf_copy_from_user_task(bytes, length, (void *)start, other, 0)
                      : bpf_probe_read_user(bytes, length, (void *)start);
  if (failed)
    return (struct string_ref){};
  bytes[length - 1] = 0;
  fill_draft(&draft, filled + length);
  return (struct string_ref){filled, length};
}

/* The same of the current task, as one number. A global function, as put_path() is. */
__noinline u64 copy_own_memory(struct draft_space *space, u64 start, u64 end) {
  if (!space)
    return 0;
  struct string_ref text = copy_memory(space, 0, start, end);
  return (u64)text.length << 32 | text.offset;
}

inline_always void append_memory(struct draft *draft, struct string_ref *text, struct task_struct *task, u64 start,
                                 u64 end, bool other) {
  if (other) {
    u64 readable = end_of_memory(task, start);
    *text = copy_memory(draft->space, task, start, end < readable ? end : readable);
  } else {
    u64 copied = copy_own_memory(draft->space, start, end);
    *text = (struct string_ref){(u32)copied, copied >> 32};
  }
}

inline_always void append_cwd(struct draft *draft, struct task_struct *task) {
  u64 fs = LOAD_WORD(task_struct, task, fs);
  if (fs)
    append_image_path(draft, &draft->space->image.cwd, fs + bpf_core_field_offset(struct fs_struct, pwd), task);
}

inline_always void append_cgroup(struct draft *draft, struct task_struct *task) {
  u64 start = draft_filled(draft);
  u64 length = put_cgroup((void *)draft->space->bytes + start - PATH_OVERLAP, cgroup_of_task(task)) & LONGEST_TEXT;
  draft->space->image.cgroup = (struct string_ref){start, length};
  fill_draft(draft, start + length);
}

/* The strings that a process can change without running another program. */
inline_always void append_place(struct draft *draft, struct task_struct *task, bool moved) {
  if (moved)
    append_cgroup(draft, task);
  append_cwd(draft, task);
}

/* What a task runs, and where: the strings that it need not be asked for. */
inline_always void append_program(struct draft *draft, struct task_struct *task) {
  append_cgroup(draft, task);
  if (!LOAD_WORD(task_struct, task, mm))
    return;
  append_executable(draft, task);
  append_cwd(draft, task);
}

/* Its arguments and its environment, which are in its own memory. */
inline_always void append_texts(struct draft *draft, struct task_struct *task, bool other) {
  struct image *image = &draft->space->image;
  u64 mm = LOAD_WORD(task_struct, task, mm);
  if (!mm)
    return;
  append_memory(draft, &image->argv, task, LOAD(mm_struct, mm, arg_start), LOAD(mm_struct, mm, arg_end), other);
  append_memory(draft, &image->environment, task, LOAD(mm_struct, mm, env_start), LOAD(mm_struct, mm, env_end), other);
}

#endif
