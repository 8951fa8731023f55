/* sendto and sendmsg: the first datagram to a new peer, and connections without a call of connect. */

#include "message.h"
#include "network.h"
#include "passed.h"

#define MSG_FASTOPEN 0x20000000

/* The peers of a socket's datagrams. The inode number is part of a socket's key, because its memory is reused. So is
 * the error of a datagram that could not be sent: a later one to that peer, which can, is news. So is one of another
 * process or program that has the socket too, and the first one after the rules have changed. */
struct peer_key {
  u64 sock;
  u64 inode;
  u64 sender; /* see sender_number() */
  union passed peer;
  u32 length;
  s32 error;
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
  bool overwritten;
};

#define LONGEST_ADDRESS 128 /* struct sockaddr_storage: the kernel reads no more */

/* Whether the address of a message lies where sendmmsg has written how much it sent (one_message()): the kernel has
 * read another one. Nobody but who hides a peer puts it there. */
inline_always bool is_overwritten(const struct call *call, u64 address, u64 length) {
  u64 end = address + (length > LONGEST_ADDRESS ? LONGEST_ADDRESS : length);
  return address && address < ARGUMENT(call, 4) && end > ARGUMENT(call, 3);
}

inline_always struct send_arguments send_arguments(u32 type, const struct call *call, s64 result) {
  if (type == EVENT_SENDTO || call->way == WAY_IO_URING)
    return (struct send_arguments){ARGUMENT(call, 4), ARGUMENT(call, 5), ARGUMENT(call, 3),
                                   ARGUMENT(call, 2), ARGUMENT(call, 2), ARGUMENT(call, 1)};
  struct message message = read_message(ARGUMENT(call, 1), call->way == WAY_COMPAT);
  bool overwritten = type == EVENT_SENDMMSG && is_overwritten(call, message.address, message.length);
  return (struct send_arguments){message.address, message.length, ARGUMENT(call, 2), result < 0 ? 0 : result,
                                 message.part,    message.data,   overwritten};
}

/* A send that may be reported. */
struct sending {
  union passed passed;
  struct send_arguments arguments;
  struct used_socket used;
  s64 result;
  u32 type; /* of the event */
};

/* Whether a socket is connected to its peer before it sends: a send has no use for an address then, unless MSG_FASTOPEN
 * asks to connect to it. Those of SCTP connect in any case, to the peer of each message. */
inline_always bool is_stream(u64 sock) {
  u32 type = LOAD(sock, sock, sk_type);
  return (type == SOCK_STREAM || type == SOCK_SEQPACKET) && l4_of(sock) != L4_SCTP;
}

/* Sets the family that the kernel takes the address of a datagram for, where that is left open. False if it takes it
 * for no address: it sends to the peer of connect(2). */
inline_always bool settle_family(union passed *passed, u64 sock) {
  if (passed->family != AF_UNSPEC)
    return true;
  u32 family = LOAD(sock, sock, __sk_common.skc_family);
  if (family == AF_INET || (family == AF_INET6 && l4_of(sock) == L4_RAW))
    passed->family = family;
  return family != AF_INET6 || passed->family;
}

/* Whether a send may be reported: a datagram to a peer that it names. Sends on streams and to the peer of
 * connect(2) are not; but MSG_FASTOPEN on a stream connects, and is reported as a connect. A connection that the kernel
 * has noted is reported whatever is in memory now: while the call waited, another thread may have changed its message,
 * or all arguments of a socketcall(2). Where there is one, this is true: the caller forgets it. */
inline_always bool find_send(struct sending *sending, const struct call *call, struct task_struct *task, u32 type,
                             s64 result) {
  sending->type = type;
  sending->result = result;
  sending->arguments = send_arguments(type, call, result);
  bool connects = sending->arguments.flags & MSG_FASTOPEN;
  if (!sending->arguments.address && !connects && call->way != WAY_COMPAT)
    return false;
  sending->used = find_socket(call, task, (s32)ARGUMENT(call, 0), connects || call->way == WAY_COMPAT);
  u64 sock = sending->used.sock;
  if (!sock)
    return false;
  bool stream = true;
  if (!sending->used.begun) {
    stream = is_stream(sock);
    if (!sending->arguments.address || (stream && !connects))
      return false;
  }
  if (unlikely(sending->arguments.overwritten))
    sending->arguments.address = 0; /* to nobody, by an address of the socket's family */
  read_passed(&sending->passed, call, sending->arguments.address, sending->arguments.length);
  if (unlikely(sending->arguments.overwritten))
    sending->passed.family = LOAD(sock, sock, __sk_common.skc_family);
  if (!stream)
    return settle_family(&sending->passed, sock);
  sending->type = EVENT_CONNECT;
  sending->result = result < 0 ? result_of_connect(result, sock) : 0;
  return true;
}

/* The whole path of a unix address as one number. Nobody can make up two paths with the same: the factor is secret.
 * A global function, as put_path() is. */
__noinline u64 path_number(u64 address, u32 length, u32 way) {
  const struct call call = {.way = way};
  struct passed_call *space = passed_space();
  u64 size = length, number = ring_secret;
  opaque(size);
  if (!space || size > sizeof(struct sockaddr_un))
    return 0;
  u64 *words = (void *)space->texts[1]; /* of no use to sends */
  __builtin_memset(words, 0, UNIX_PATH_ROOM);
  read_memory(&call, words, size, address);
#pragma unroll
  for (u32 i = 0; i < UNIX_PATH_ROOM / sizeof(u64); i++)
    number = ((number ^ words[i]) + (number >> 29)) * (ring_secret | 1);
  return number;
}

/* One number for a program of a process, and for the rules that are in use: with three, the stack of write_passed is
 * too long for 6.1 (544 bytes of 512). Each of them alone changes it; a process can't choose when it starts to the ns.
 */
inline_always u64 sender_number(void) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct capture_shared *control = capture();
  u64 started = LOAD(task_struct, LOAD_WORD(task_struct, task, group_leader), start_boottime);
  u64 program = (u64)task->tgid << 32 | (u32)task->self_exec_id;
  return started * 0x9e3779b97f4a7c15ull + program * 0xc2b2ae3d27d4eb4full + (control ? control->rules : 0);
}

/* The peer of a datagram as the socket's known peers have it. */
inline_always struct peer_key peer_key(const struct call *call, u64 file, const union passed *peer, u64 address,
                                       u32 length, s64 result) {
  u64 inode = LOAD_WORD(file, file, f_inode);
  struct peer_key key = {.sock = sock_of(file),
                         .inode = LOAD(inode, inode, i_ino),
                         .sender = sender_number(),
                         .length = length,
                         .error = result < 0 ? result : 0};
  key.peer.words[0] = peer->words[0];
  if (peer->family == AF_INET6)
    key.peer = *peer;
  else if (peer->family == AF_UNIX)
    key.peer.words[1] = path_number(address, length, call->way);
  return key;
}

inline_always bool is_known_peer(const struct peer_key *key) {
  return bpf_map_lookup_elem(&known_peers, key);
}

inline_always void note_peer(const struct peer_key *key) {
  u8 yes = 1;
  bpf_map_update_elem(&known_peers, key, &yes, BPF_ANY);
}

/* Reserves the event of a reported send: a connect, or the first datagram to a peer. A peer is known once its event has
 * room: until then its next datagram is news. */
inline_always bool reserve_news(struct record *record, const struct call *call, const struct sending *sending,
                                struct task_struct *task) {
  const struct send_arguments *arguments = &sending->arguments;
  if (sending->type == EVENT_CONNECT)
    return reserve_of(record, EVENT_CONNECT, sending->result, task, NETWORK_LONGEST, sizeof(struct event_network));
  struct peer_key key =
      peer_key(call, sending->used.file, &sending->passed, arguments->address, arguments->length, sending->result);
  if (is_known_peer(&key) ||
      !reserve_of(record, sending->type, sending->result, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return false;
  note_peer(&key);
  return true;
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

/* The remote end of a datagram is the one that it names, also if the socket is connected to another. */
inline_always void fill_destination(struct event_network *event, const union passed *passed) {
  u64 before[2], after[2];
  u32 port = event->remote_port;
  __builtin_memcpy(before, event->remote_address, sizeof(before));
  set_passed(event, passed);
  __builtin_memcpy(after, event->remote_address, sizeof(after));
  if (port != event->remote_port || before[0] != after[0] || before[1] != after[1])
    event->state &= ~DESCRIPTOR_CONNECTED;
  if (passed->family == AF_UNIX)
    event->resolved = ABSENT; /* the path of the peer that the socket is connected to */
  event->state |= DESCRIPTOR_NAME_CHANGED;
}

inline_always void write_send(struct record *record, const struct call *call, const struct sending *sending) {
  const struct send_arguments *arguments = &sending->arguments;
  struct event_network *event = (void *)record->header;
  clear_network(event);
  event->header.fd = fd_of(call, (s32)ARGUMENT(call, 0));
  append_passed(record, call, &sending->passed, arguments->address, arguments->length);
  describe_file((void *)event, sending->used.file);
  append_socket(record, sending->used.sock, ROLE_CLIENT, NETWORK_SOCKET_LIMIT);
  if (sending->type == EVENT_CONNECT) {
    fill_outcome(event, EVENT_CONNECT, sending->result, sending->used.begun, &sending->passed);
  } else {
    event->call_flags = arguments->flags;
    event->length = arguments->size;
    fill_destination(event, &sending->passed);
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
  if (!type || !find_send(&sending, &call, task, type, result_of(ctx)))
    return PASS_ON;
  bool begun = begin(&record, ctx, task); /* may come here again, so the connection is not forgotten before */
  forget_begun(&sending.used);
  if (!begun || !reserve_send(&record, &call, &sending, task))
    return PASS_ON;
  write_send(&record, &call, &sending);
  return PASS_ON;
}
