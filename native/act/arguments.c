// Turns act's words into the registers of a system call: numbers, and pointers to strings and structures.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "act.h"

static char* unescape(const char* text) {
  char *result = malloc(strlen(text) + 1), *to = result;
  while (*text) {
    if (text[0] == '\\' && text[1] == 'x') {
      char digits[3] = {text[2], text[3], 0};
      *to++ = (char)strtol(digits, NULL, 16);
      text += 4;
    } else {
      *to++ = *text++;
    }
  }
  *to = 0;
  return result;
}

static size_t argument_size;

static void* internet_address(const char* text, int family) {
  char address[64];
  const char* colon = strrchr(text, ':');
  if (!colon || colon - text >= (long)sizeof(address)) die("no port: %s", text);
  memcpy(address, text, colon - text);
  address[colon - text] = 0;
  struct sockaddr_storage* result = calloc(1, sizeof(*result));
  result->ss_family = family;
  struct sockaddr_in* in = (void*)result;
  struct sockaddr_in6* in6 = (void*)result;
  in->sin_port = htons(atoi(colon + 1));  // at the same place in both
  if (inet_pton(family, address, family == AF_INET ? (void*)&in->sin_addr : (void*)&in6->sin6_addr) != 1)
    die("no address: %s", text);
  argument_size = family == AF_INET ? sizeof(*in) : sizeof(*in6);
  return result;
}

static void* socket_address(const char* text) {
  if (!strncmp(text, "in:", 3)) return internet_address(text + 3, AF_INET);
  if (!strncmp(text, "in6:", 4)) return internet_address(text + 4, AF_INET6);
  if (strncmp(text, "un:", 3)) die("no socket address: %s", text);
  struct sockaddr_un* result = calloc(1, sizeof(*result) + 1);
  result->sun_family = AF_UNIX;
  char* path = unescape(text + 3);
  size_t length = strlen(path);
  if (length >= sizeof(result->sun_path)) die("too long: %s", text);
  memcpy(result->sun_path, path, length + 1);
  argument_size = offsetof(struct sockaddr_un, sun_path) + length + 1;
  if (path[0] == '@') {
    result->sun_path[0] = 0;
    argument_size--;
  }
  return result;
}

static void* message(const char* text) {
  struct msghdr* result = calloc(1, sizeof(*result));
  struct iovec* data = calloc(1, sizeof(*data));
  data->iov_base = strdup("data");  // a call that receives writes to it
  data->iov_len = 4;
  result->msg_iov = data;
  result->msg_iovlen = 1;
  if (*text) {
    result->msg_name = (void*)argument(text);
    result->msg_namelen = argument_size;
  }
  argument_size = sizeof(*result);
  return result;
}

static void* message_with_rights(const char* fd) {
  struct msghdr* result = message("");
  int passed = *fd ? (int)argument(fd) : -1;
  struct cmsghdr* control = calloc(1, CMSG_SPACE(sizeof(passed)));
  *control = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(passed)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(control), &passed, sizeof(passed));
  result->msg_control = control;
  result->msg_controllen = CMSG_SPACE(sizeof(passed));
  return result;
}

static void* file_handle(void) {
  static struct {
    struct file_handle head;
    char bytes[MAX_HANDLE_SZ];
  } handle = {.head.handle_bytes = MAX_HANDLE_SZ};
  return &handle;
}

enum { COMPAT_MESSAGE_SIZE = 28 };

// struct compat_msghdr: all words of 32 bits.
static void* compat_message(const char* text) {
  const struct msghdr* wide = message(text);
  unsigned* result = calloc(7, sizeof(*result));
  unsigned* data = calloc(2, sizeof(*data));
  data[0] = (unsigned)(unsigned long)strdup("data");
  data[1] = 4;
  result[0] = (unsigned)(unsigned long)wide->msg_name;
  result[1] = wide->msg_namelen;
  result[2] = (unsigned)(unsigned long)data;
  result[3] = 1;
  return result;
}

// An array of these, each followed by the length that the kernel writes.
static void* messages(const char* text, void* one(const char*), size_t size, size_t room) {
  size_t count = 1;
  for (const char* at = text; *at; at++) count += *at == ',';
  char *item = strdup(text), *result = calloc(count, room);
  for (size_t i = 0; i < count; i++) {
    char* comma = strchr(item, ',');
    if (comma) *comma = 0;
    memcpy(result + i * room, one(item), size);
    if (comma) item = comma + 1;
  }
  argument_size = count * room;
  return result;
}

static void* string_list(const char* text) {
  char **list = calloc(strlen(text) + 2, sizeof(*list)), *copy = strdup(text);
  int count = 0;
  for (char* item = *copy ? copy : NULL; item;) {
    char* comma = strchr(item, ',');
    if (comma) *comma = 0;
    list[count++] = unescape(item);
    item = comma ? comma + 1 : NULL;
  }
  return list;
}

static void* structure(const char* text, int is_clone) {
  unsigned long long part[3] = {0};
  char* end = (char*)text;
  for (int i = 0; i < 3 && *end; i++) {
    part[i] = strtoull(end, &end, 0);
    if (*end == ',') end++;
  }
  if (!is_clone) {
    struct open_how* how = calloc(1, sizeof(*how));
    *how = (struct open_how){.flags = part[0], .mode = part[1], .resolve = part[2]};
    argument_size = sizeof(*how);
    return how;
  }
  struct clone_args* clone = calloc(1, sizeof(*clone));
  static pid_t wanted;
  wanted = part[2];
  clone->flags = part[0];
  clone->exit_signal = part[1];
  if (wanted) {
    clone->set_tid = (unsigned long)&wanted;
    clone->set_tid_size = 1;
  }
  argument_size = sizeof(*clone);
  return clone;
}

// The values of both words are behind pointers; a string includes its NUL.
static long race(const char* text) {
  char *first = strdup(text), *other = strchr(first, ' ');
  if (other) *other++ = 0;
  const char* from = (const char*)argument(first);
  const char* to = other ? (const char*)argument(other) : NULL;
  return (long)raced(from, argument_size + !strncmp(first, "s:", 2), to);
}

static long tagged(const char* text) {
#ifdef __aarch64__
  // Calls take such pointers of a process that asks for it.
  if (prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0)) die("no tagged pointers here");
  return argument(text) | 0x5aL << 56;
#else
  die("no tagged pointers here: %s", text);
#endif
}

long argument(const char* text) {
  static char out[4096];
  static socklen_t out_size;
  char* end;
  if (!strncmp(text, "s:", 2)) {
    char* string = unescape(text + 2);
    argument_size = strlen(string);
    return (long)string;
  }
  if (!strncmp(text, "in", 2) || !strncmp(text, "un:", 3)) return (long)socket_address(text);
  if (!strncmp(text, "race:", 5)) return race(text + 5);
  if (!strncmp(text, "tag:", 4)) return tagged(text + 4);
  if (!strncmp(text, "msgs32:", 7))
    return (long)messages(text + 7, compat_message, COMPAT_MESSAGE_SIZE, COMPAT_MESSAGE_SIZE + sizeof(unsigned));
  if (!strncmp(text, "msgs:", 5))
    return (long)messages(text + 5, message, sizeof(struct msghdr), sizeof(struct mmsghdr));
  if (!strncmp(text, "msg32:", 6)) return (long)compat_message(text + 6);
  if (!strncmp(text, "msg:", 4)) return (long)message(text + 4);
  if (!strncmp(text, "rights:", 7)) return (long)message_with_rights(text + 7);
  if (!strcmp(text, "handle")) return (long)file_handle();
  if (!strncmp(text, "how:", 4)) return (long)structure(text + 4, 0);
  if (!strncmp(text, "clone3:", 7)) return (long)structure(text + 7, 1);
  if (!strncmp(text, "list:", 5)) return (long)string_list(text + 5);
  if (!strcmp(text, "null")) return 0;
  if (!strcmp(text, "self")) return getpid();
  if (!strcmp(text, "parent")) return getppid();
  if (!strcmp(text, "len")) return (long)argument_size;
  if (!strcmp(text, "out")) {
    argument_size = sizeof(out);
    return (long)out;
  }
  if (!strcmp(text, "outlen")) {
    out_size = sizeof(out);
    return (long)&out_size;
  }
  if (text[0] == 'r') {
    return step_result(text[1] ? atoi(text + 1) : LAST_STEP);
  }
  long value = text[0] == '-' ? strtoll(text, &end, 0) : (long)strtoull(text, &end, 0);
  if (*end || end == text) die("no argument: %s", text);
  return value;
}
