/* recvfrom and recvmsg: who sent, and the first bytes. Each call that a rule wants is told, as its data is its own. */

#include "socket.h"

#define EAGAIN 11

/* What a receiving call was given and got. */
struct receiving {
  union passed sender;
  u64 address; /* of the sender's address; 0: not asked for */
  u64 data;    /* address of the first part received; 0: not known */
  u32 length;  /* of the sender's address */
  u32 flags;
  u32 size;
  u32 part; /* bytes of the first part at most */
};

inline_always void read_receiving(struct receiving *receiving, const struct call *call, u32 type, s64 result) {
  struct user_msghdr header = {};
  struct iovec part = {};
  __builtin_memset(receiving, 0, sizeof(*receiving));
  if (type == EVENT_RECVFROM) {
    receiving->data = ARGUMENT(call, 1);
    receiving->size = receiving->part = ARGUMENT(call, 2);
    receiving->flags = ARGUMENT(call, 3);
    receiving->address = ARGUMENT(call, 4);
    read_memory(call, &receiving->length, sizeof(receiving->length), ARGUMENT(call, 5));
  } else {
    read_memory(call, &header, offsetof(struct user_msghdr, msg_iovlen), ARGUMENT(call, 1));
    read_memory(call, &part, sizeof(part), (u64)header.msg_iov);
    receiving->data = (u64)part.iov_base;
    receiving->part = part.iov_len;
    receiving->size = result < 0 ? 0 : result;
    receiving->flags = ARGUMENT(call, 2);
    receiving->address = (u64)header.msg_name;
    receiving->length = header.msg_namelen;
  }
  if (result >= 0)
    read_passed(&receiving->sender, call, receiving->address, receiving->length);
}

/* The sender of a datagram is the client of a socket that is not connected. */
inline_always void fill_sender(struct event_network *event, const struct call *call, u64 file,
                               const struct receiving *receiving) {
  if (event->state & DESCRIPTOR_CONNECTED || event->l4 == L4_TCP || !receiving->sender.family)
    return;
  event->role = ROLE_SERVER;
  fill_remote(event);
  if (is_new_peer(call, file, &receiving->sender, receiving->address, receiving->length))
    event->state |= DESCRIPTOR_NAME_CHANGED;
}

inline_always void write_receive(struct record *record, const struct call *call, u64 file,
                                 const struct receiving *receiving, s64 result) {
  struct event_network *event = (void *)record->header;
  clear_network(event);
  event->header.fd = fd_of(call, (s32)ARGUMENT(call, 0));
  event->call_flags = receiving->flags;
  event->length = receiving->size;
  append_passed(record, call, &receiving->sender, receiving->address, receiving->length);
  describe_file((void *)event, file);
  append_socket(record, sock_of(file), ROLE_BY_PORT, NETWORK_SOCKET_LIMIT);
  fill_sender(event, call, file, receiving);
  append_data(record, call, receiving->data, result < receiving->part ? result : receiving->part);
  commit(record);
}

/* A call that finds nothing to receive yet is made again: programs that poll make as many of them as of the others. */
HOOK_PROGRAM(on_receive) {
  struct record record;
  struct receiving receiving;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  u64 file = ctx->result == -EAGAIN ? 0 : file_of(&call, task, (s32)ARGUMENT(&call, 0));
  if (!is_socket(file) || !begin(&record, ctx, task, SLOT_RECEIVE) ||
      !reserve(&record, ctx, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return 0;
  read_receiving(&receiving, &call, event_type(&record), ctx->result);
  write_receive(&record, &call, file, &receiving, ctx->result);
  return 0;
}
