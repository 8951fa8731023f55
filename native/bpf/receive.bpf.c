/* recvfrom and recvmsg: the sender, and the first bytes. Every call that a rule needs is reported, because each
 * has its own data. */

#include "message.h"
#include "network.h"

#define EAGAIN 11

/* Arguments and result of a receiving call. */
struct receiving {
  union passed sender;
  u64 address; /* of the sender's address; 0: not asked for */
  u64 data;    /* address of the first part received; 0: not known */
  u32 length;  /* of the sender's address */
  u32 flags;
  u32 size;
  u32 part; /* bytes of the first part at most */
};

/* The call as a system call: received data are in the process's memory in any case. */
inline_always struct call in_user_memory(const struct call *call) {
  struct call user = *call;
  if (user.way == WAY_IO_URING)
    user.way = WAY_NATIVE;
  return user;
}

/* `user` is the call as in_user_memory() has it. A request of io_uring has all arguments as recvfrom has them, but the
 * length of the address in place of where that is. */
inline_always void read_receiving(struct receiving *receiving, const struct call *call, const struct call *user,
                                  u32 type, s64 result) {
  __builtin_memset(receiving, 0, sizeof(*receiving));
  if (type == EVENT_RECVFROM || call->way == WAY_IO_URING) {
    receiving->data = ARGUMENT(call, 1);
    receiving->size = receiving->part = ARGUMENT(call, 2);
    receiving->flags = ARGUMENT(call, 3);
    receiving->address = ARGUMENT(call, 4);
    if (call->way == WAY_IO_URING)
      receiving->length = ARGUMENT(call, 5);
    else
      read_memory(user, &receiving->length, sizeof(receiving->length), ARGUMENT(call, 5));
  } else {
    struct message message = read_message(ARGUMENT(call, 1), call->way == WAY_COMPAT);
    receiving->data = message.data;
    receiving->part = message.part;
    receiving->size = result < 0 ? 0 : result;
    receiving->flags = ARGUMENT(call, 2);
    receiving->address = message.address;
    receiving->length = message.length;
  }
  if (result >= 0)
    read_passed(&receiving->sender, user, receiving->address, receiving->length);
}

/* The sender of a datagram is the client of a socket that is not connected. */
inline_always void fill_sender(struct event_network *event, const struct call *call, u64 file,
                               const struct receiving *receiving) {
  if (event->state & DESCRIPTOR_CONNECTED || event->l4 == L4_TCP || !receiving->sender.family)
    return;
  event->role = ROLE_SERVER;
  if (!has_remote(event))
    set_passed(event, &receiving->sender);
  struct peer_key key = peer_key(call, file, &receiving->sender, receiving->address, receiving->length, 0);
  if (is_known_peer(&key))
    return;
  note_peer(&key);
  event->state |= DESCRIPTOR_NAME_CHANGED;
}

inline_always void write_receive(struct record *record, const struct call *call, u64 file, s64 result) {
  struct receiving receiving;
  struct call user = in_user_memory(call);
  struct event_network *event = (void *)record->header;
  read_receiving(&receiving, call, &user, event_type(record), result);
  clear_network(event);
  event->header.fd = fd_of(call, (s32)ARGUMENT(call, 0));
  event->call_flags = receiving.flags;
  event->length = receiving.size;
  append_passed(record, &user, &receiving.sender, receiving.address, receiving.length);
  describe_file((void *)event, file);
  append_socket(record, sock_of(file), ROLE_BY_PORT, NETWORK_SOCKET_LIMIT);
  fill_sender(event, &user, file, &receiving);
  append_data(record, receiving.data, result < receiving.part ? result : receiving.part);
  commit(record);
}

/* The socket that a call receives from; 0: nothing to report. A call that would block is ignored, because it is
 * repeated: programs that poll make as many of these as of others. */
inline_always u64 find_receive(const struct call *call, struct task_struct *task, s64 result) {
  u64 file = result == -EAGAIN ? 0 : file_of(call, task, (s32)ARGUMENT(call, 0));
  return is_socket(file) ? file : 0;
}

HOOK_PROGRAM(on_receive) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  u64 file = find_receive(&call, task, result_of(ctx));
  if (!file || !begin(&record, ctx, task) || !reserve(&record, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return PASS_ON;
  write_receive(&record, &call, file, result_of(ctx));
  return PASS_ON;
}
