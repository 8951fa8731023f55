/* The cgroup that identifies a process's container, and its path from the root of its hierarchy. */

#ifndef WASPREY_CGROUP_H
#define WASPREY_CGROUP_H

#include "path.h"

/* kernfs_node.parent has been __parent (under RCU) since 6.15. */
struct kernfs_node___before_6_15 {
  struct kernfs_node *parent;
} RELOCATED;

inline_always u64 kernfs_parent(u64 node) {
  struct kernfs_node___before_6_15 *old = 0;
  if (bpf_core_field_exists(old->parent))
    return load_word(node + bpf_core_field_offset(old->parent));
  return LOAD_WORD(kernfs_node, node, __parent);
}

/* The node of the task's cgroup in a v1 hierarchy with that controller; 0 where the controller is on the default (v2)
 * hierarchy, whose id is 0, or the task in the root. */
inline_always u64 v1_cgroup(u64 subsystems, u32 controller) {
  u64 state = load_word(subsystems + controller * sizeof(void *));
  u64 cgroup = LOAD_WORD(cgroup_subsys_state, state, cgroup);
  u64 root = LOAD_WORD(cgroup, cgroup, root);
  if (!LOAD(cgroup_root, root, hierarchy_id) || !LOAD(cgroup, cgroup, level))
    return 0;
  return LOAD_WORD(cgroup, cgroup, kn);
}

#define V1_CGROUP(subsystems, controller)                                              \
  (bpf_core_enum_value_exists(enum cgroup_subsys_id, controller)                       \
       ? v1_cgroup(subsystems, bpf_core_enum_value(enum cgroup_subsys_id, controller)) \
       : 0)

/* Address of the kernfs node of the cgroup that shows where a process runs. On a hybrid or v1 host runtimes make a
 * cgroup in each v1 hierarchy and maybe none in the unified one: so the first of pids, memory and cpu that is not the
 * root, else the default hierarchy. A global function, as put_path() is. */
__noinline u64 cgroup_of(u64 css_set) {
  u64 subsystems = css_set + bpf_core_field_offset(struct css_set, subsys);
  u64 node = V1_CGROUP(subsystems, pids_cgrp_id);
  if (!node)
    node = V1_CGROUP(subsystems, memory_cgrp_id);
  if (!node)
    node = V1_CGROUP(subsystems, cpu_cgrp_id);
  if (!node) {
    u64 cgroup = LOAD_WORD(css_set, css_set, dfl_cgrp);
    node = LOAD_WORD(cgroup, cgroup, kn);
  }
  return node;
}

/* The number of a cgroup by its node: its id, which is that of one cgroup in each hierarchy, and above that the number
 * of its hierarchy, which is 0 for the default one. */
inline_always u64 cgroup_number(u64 node) {
  u64 cgroup = LOAD_WORD(kernfs_node, node, priv);
  u64 root = LOAD_WORD(cgroup, cgroup, root);
  u64 hierarchy = LOAD(cgroup_root, root, hierarchy_id);
  return LOAD(kernfs_node, node, id) ^ hierarchy << 48;
}

struct kernfs_walk {
  u64 node;
  struct path_room *room;
};

#define LONGEST_KERNFS_NAME 255

/* Length of a node's name. kernfs does not keep it: the name is read behind the text, and the position, to count it. */
inline_always u64 kernfs_name_length(struct kernfs_walk *walk, u64 name) {
  long length = bpf_probe_read_kernel_str(walk->room->slack + sizeof(u64), LONGEST_KERNFS_NAME + 1, (void *)name);
  return length > 0 ? (length - 1) & LONGEST_KERNFS_NAME : 0;
}

static long kernfs_step(u32 index, struct kernfs_walk *walk) {
  u64 parent = kernfs_parent(walk->node);
  if (!parent)
    return 1;
  u64 name = LOAD_WORD(kernfs_node, walk->node, name);
  u64 length = kernfs_name_length(walk, name);
  u64 end = POSITION(walk->room) & LONGEST_TEXT;
  if (length >= end)
    return 1;
  u64 start = (end - length) & LONGEST_TEXT;
  bpf_probe_read_kernel(walk->room->text + PATH_GAP + start, length, (void *)name);
  start = (start - 1) & LONGEST_TEXT;
  walk->room->text[PATH_GAP + start] = '/';
  POSITION(walk->room) = start;
  walk->node = parent;
  return 0;
}

/* Writes the path of a cgroup's node to the text of a room. Returns its length. A path that is too long lacks its
 * beginning, and starts with two slashes: the addon can't know the container by it. */
__noinline u64 put_cgroup(struct path_room *room, u64 node) {
  struct kernfs_walk walk = {.node = node, .room = room};
  if (!room)
    return 0;
  POSITION(room) = LONGEST_TEXT;
  bpf_loop(LONGEST_TEXT / 2, kernfs_step, &walk, 0);
  u64 start = POSITION(room) & LONGEST_TEXT;
  u64 length = LONGEST_TEXT - start;
  if (length && kernfs_parent(walk.node))
    room->text[PATH_GAP + ((start + 1) & LONGEST_TEXT)] = '/';
  if (!length) {
    room->text[0] = '/';
    return 1;
  }
  bpf_probe_read_kernel(room->text, length, room->text + PATH_GAP + start);
  return length;
}

#endif
