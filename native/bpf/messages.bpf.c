/* sendmmsg and recvmmsg: each of their messages is reported as if it had been sent or received alone. */

#include "message.h"
#include "enforce/enforce_tables.h"
#include "socket.h"

#define EPERM 1

/* The kernel's limit (UIO_MAXIOV). */
#define MOST_MESSAGES 1024

/* A call that sends or receives many. It only has numbers: it is passed to global functions, and the verifier no longer
 * knows which values in such memory were addresses. */
struct messages {
  u64 image; /* of the process */
  u64 first; /* address of the messages */
  u64 flags; /* as passed */
  s64 result;
  s32 fd;
  u32 way;
  u32 index;    /* of the message to report */
  u32 enforced; /* what enforcement did: count_enforced(); 0: nothing */
};

/* Whether enforcement has refused a message: the one behind those that were sent. */
inline_always bool is_refused(u32 enforced) {
  u32 outcome = ENFORCED_OUTCOME(enforced);
  return outcome == ENFORCED_REFUSED || outcome == ENFORCED_REFUSED_AND_KILLED;
}

/* A message as the corresponding call of sendmsg or recvmsg. The words hold that call's arguments, and then where the
 * messages lie that were sent or received. The header of each is followed by the number of its bytes, which the kernel
 * has written. */
inline_always struct call one_message(const struct messages *messages, u64 words[6], s64 *result) {
  bool compat = messages->way == WAY_COMPAT;
  u64 header = compat ? sizeof(struct compat_msghdr) : sizeof(struct user_msghdr);
  u64 size = compat ? sizeof(struct compat_mmsghdr) : sizeof(struct mmsghdr);
  u64 at = messages->first + messages->index * size;
  u32 done = 0;
  bpf_probe_read_user(&done, sizeof(done), untagged(at + header));
  bool refused = is_refused(messages->enforced) && messages->index == (u64)messages->result;
  *result = messages->result < 0 ? messages->result : refused ? -EPERM : done;
  words[0] = messages->fd;
  words[1] = at;
  words[2] = messages->flags;
  words[3] = messages->first;
  words[4] = messages->first + (messages->result < 0 ? 0 : messages->result * size);
  words[5] = 0;
  return (struct call){.passed = words, .way = compat ? WAY_COMPAT : WAY_NATIVE};
}

inline_always bool begin_message(struct record *record, const struct messages *messages) {
  record->image = messages->image;
  return open_record(record);
}

inline_always void note_way(struct record *record, const struct messages *messages) {
  if (messages->way == WAY_COMPAT)
    record->flags |= EVENT_FLAG_COMPAT;
}

/* Global functions, as put_path() is. */
__noinline u32 tell_sent(struct messages *messages) {
  struct record record;
  struct sending sending;
  u64 words[6];
  s64 result;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!messages || !begin_message(&record, messages))
    return 0;
  struct call call = one_message(messages, words, &result);
  sending.used.sock = 0;
  if (!find_send(&sending, &call, task, EVENT_SENDMMSG, result)) {
    if (result >= 0 && sending.arguments.address && !sending.used.sock)
      count_unkept(EVENT_SENDMMSG); /* its socket is no longer at the descriptor */
    return 0;
  }
  bool wanted = sending.type == EVENT_CONNECT
                    ? is_wanted(record.capture, EVENT_CONNECT)
                    : is_wanted(record.capture, EVENT_SENDMMSG) || is_wanted(record.capture, EVENT_SENDMSG);
  forget_begun(&sending.used);
  if (wanted && unlikely(sending.arguments.overwritten))
    count_unkept(sending.type);
  if (!wanted || !reserve_news(&record, &call, &sending, task))
    return 0;
  note_way(&record, messages);
  if (messages->enforced && (result == -EPERM || !is_refused(messages->enforced)))
    record.header->reserved = messages->enforced;
  write_send(&record, &call, &sending);
  return 0;
}

__noinline u32 tell_received(struct messages *messages) {
  struct record record;
  u64 words[6];
  s64 result;
  struct task_struct *task = bpf_get_current_task_btf();
  if (!messages || !begin_message(&record, messages))
    return 0;
  struct call call = one_message(messages, words, &result);
  u64 file = find_receive(&call, task, result);
  if (!file || !reserve_of(&record, EVENT_RECVMMSG, result, task, NETWORK_LONGEST, sizeof(struct event_network)))
    return 0;
  note_way(&record, messages);
  write_receive(&record, &call, file, result);
  return 0;
}

static long sent_step(u32 index, struct messages *messages) {
  messages->index = index;
  tell_sent(messages);
  return 0;
}

static long received_step(u32 index, struct messages *messages) {
  messages->index = index;
  tell_received(messages);
  return 0;
}

/* Reports all messages that were sent or received, and behind them one that was refused; for a failed call the first,
 * which failed. */
inline_always void tell_messages(const struct call *call, u32 type, s64 result, u64 image, u32 enforced) {
  struct messages messages = {.image = image,
                              .first = ARGUMENT(call, 1),
                              .flags = ARGUMENT(call, 3),
                              .result = result,
                              .fd = ARGUMENT(call, 0),
                              .way = call->way,
                              .enforced = enforced};
  u32 word;
  if (call->way == WAY_COMPAT && result > 0 && bpf_probe_read_user(&word, sizeof(word), (void *)messages.first))
    count_unkept(type); /* the arguments of a socketcall have changed since, or the messages are gone */
  u64 count = result < 0 ? 1 : result + is_refused(enforced);
  if (count > MOST_MESSAGES)
    count = MOST_MESSAGES;
  if (type == EVENT_SENDMMSG)
    bpf_loop(count, sent_step, &messages, 0);
  else
    bpf_loop(count, received_step, &messages, 0);
}

HOOK_PROGRAM(on_send_many) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  if (begin(&record, ctx, task))
    tell_messages(&call, EVENT_SENDMMSG, result_of(ctx), record.image, 0);
  return PASS_ON;
}

HOOK_PROGRAM(on_receive_many) {
  struct record record;
  struct task_struct *task = bpf_get_current_task_btf();
  struct call call = call_of(task);
  if (result_of(ctx) != -EAGAIN && begin(&record, ctx, task))
    tell_messages(&call, EVENT_RECVMMSG, result_of(ctx), record.image, 0);
  return PASS_ON;
}
