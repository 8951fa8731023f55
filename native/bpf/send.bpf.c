/* sendto and sendmsg: the first datagram to a new peer, and connections without a call of connect. */

#include "message.h"
#include "socket.h"

#define MSG_FASTOPEN 0x20000000

/* The peers of a socket's datagrams. The inode number is part of a socket's key, because its memory is reused. */
struct peer_key {
  u64 sock;
  u64 inode;
  union passed peer;
  u64 length;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct peer_key);
  __type(value, u8);
} known_peers SEC(".maps");

struct send_arguments {
  u64 address;
  u32 length; /* of the address */
  u32 flags;
  u32 size; /* of the datagram */
  u32 part; /* bytes of its first part at most */
  u64 data; /* address of that; 0: not known */
};

inline_always struct send_arguments send_arguments(u32 type, const struct call *call, s64 result) {
  if (type == EVENT_SENDTO || call->way == WAY_IO_URING)
    return (struct send_arguments){ARGUMENT(call, 4), ARGUMENT(call, 5), ARGUMENT(call, 3),
                                   ARGUMENT(call, 2), ARGUMENT(call, 2), ARGUMENT(call, 1)};
  struct message message = read_message(ARGUMENT(call, 1), call->way == WAY_COMPAT);
  return (struct send_arguments){message.address, message.length, ARGUMENT(call, 2),
                                 result < 0 ? 0 : result, message.part, message.data};
}

/* A send that may be reported. */
struct sending {
  union passed passed;
  struct send_arguments arguments;
  u64 file;
  u64 sock;
  s64 result;
  u32 type; /* of the event */
};

/* Whether a send may be reported: a datagram to a peer that it names. Sends on streams and to the peer of
 * connect(2) are not; but MSG_FASTOPEN on a stream connects, and is reported as a connect. */
inline_always bool find_send(struct sending *sending, const struct call *call, struct task_struct *task, u32 type,
                             s64 result) {
  sending->type = type;
  sending->result = result;
  sending->arguments = send_arguments(type, call, result);
  if (!sending->arguments.address)
    return false;
  sending->file = file_of(call, task, (s32)ARGUMENT(call, 0));
  if (!is_socket(sending->file))
    return false;
  sending->sock = sock_of(sending->file);
  u32 socket_type = LOAD(sock, sending->sock, sk_type);
  bool stream = socket_type == SOCK_STREAM || socket_type == SOCK_SEQPACKET;
  if (stream && !(sending->arguments.flags & MSG_FASTOPEN))
    return false;
  read_passed(&sending->passed, call, sending->arguments.address, sending->arguments.length);
  if (stream) {
    sending->type = EVENT_CONNECT;
    sending->result = result < 0 ? result : 0;
  }
  return true;
}

/* Whether this is the socket's first datagram with that peer; records the peer. A unix path is identified by its
 * length and last 24 bytes. */
inline_always bool is_new_peer(const struct call *call, u64 file, const union passed *peer, u64 address, u32 length) {
  u64 inode = LOAD_WORD(file, file, f_inode);
  struct peer_key key = {.sock = sock_of(file), .inode = LOAD(inode, inode, i_ino), .length = length};
  u8 yes = 1;
  key.peer.words[0] = peer->words[0];
  if (peer->family == AF_INET6) {
    key.peer = *peer;
  } else if (peer->family == AF_UNIX && length > 24) {
    read_memory(call, &key.peer.words[1], 24, address + length - 24);
  }
  if (bpf_map_lookup_elem(&known_peers, &key))
    return false;
  bpf_map_update_elem(&known_peers, &key, &yes, BPF_ANY);
  return true;
}

/* Reserves the event of a reported send: a connect, or the first datagram to a peer. */
inline_always bool reserve_news(struct record *record, const struct call *call, const struct sending *sending,
                                struct task_struct *task) {
  const struct send_arguments *arguments = &sending->arguments;
  return (sending->type == EVENT_CONNECT ||
          is_new_peer(call, sending->file, &sending->passed, arguments->address, arguments->length)) &&
         reserve_of(record, sending->type, sending->result, task, NETWORK_LONGEST, sizeof(struct event_network));
}

/* The same, if a rule needs it. */
inline_always bool reserve_send(struct record *record, const struct call *call, const struct sending *sending,
                                struct task_struct *task) {
  return is_wanted(record->capture, sending->type) && reserve_news(record, call, sending, task);
}

/* Bytes of the first part that were sent. A request of io_uring is reported before it sends. */
inline_always s64 sent_part(const struct call *call, const struct sending *sending) {
  u32 part = sending->arguments.part;
  return call->way == WAY_IO_URING || sending->result > part ? part : sending->result;
}

inline_always void write_send(struct record *record, const struct call *call, const struct sending *sending) {
  const struct send_arguments *arguments = &sending->arguments;
  struct event_network *event = (void *)record->header;
  clear_network(event);
  event->header.fd = fd_of(call, (s32)ARGUMENT(call, 0));
  append_passed(record, call, &sending->passed, arguments->address, arguments->length);
  describe_file((void *)event, sending->file);
  append_socket(record, sending->sock, ROLE_CLIENT, NETWORK_SOCKET_LIMIT);
  if (sending->type == EVENT_CONNECT) {
    fill_outcome(event, EVENT_CONNECT, sending->result);
  } else {
    event->call_flags = arguments->flags;
    event->length = arguments->size;
    fill_remote(event);
    event->state |= DESCRIPTOR_NAME_CHANGED;
    append_data(record, arguments->data, sent_part(call, sending));
  }
  commit(record);
}

HOOK_PROGRAM(on_send) {
  struct record record;
  struct sending sending;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  struct capture_shared *control = capture();
  u32 type = control ? hook_of(ctx, control).type : 0;
  if (!type || !find_send(&sending, &call, task, type, result_of(ctx)) ||
      !begin(&record, ctx, task) || !reserve_send(&record, &call, &sending, task))
    return PASS_ON;
  write_send(&record, &call, &sending);
  return PASS_ON;
}
