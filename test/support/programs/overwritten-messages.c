/* A sendmmsg of one datagram whose address, or whose arguments, lie where the kernel writes how much it sent:
 *
 *   overwritten-messages address | address32 | descriptor | vector ADDRESS
 *
 * address: sin_addr lies there, or with address32 in the vector of a 32-bit call
 * descriptor, vector: that argument of a 32-bit socketcall(2) does
 *
 * Prints its pid and the result. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MAP_32BIT
#define MAP_32BIT 0 /* where there are no 32-bit calls to make */
#endif

#define SENT 600 /* bytes; no descriptor has that number */

/* All of it below 4 GB, for the 32-bit calls. */
static struct memory {
  struct mmsghdr wide;
  char after_wide[64];
  unsigned narrow[8]; /* struct compat_mmsghdr: name, its length, parts, their number, control, its length, flags,
                       * sent */
  char after_narrow[64];
  unsigned arguments[4];
  unsigned narrow_part[2];
  struct iovec wide_part;
  struct sockaddr_in plain;
  char data[SENT];
} *memory;

static unsigned low(const void *address) {
  return (unsigned)(unsigned long)address;
}

static int socketcall_sendmmsg(const unsigned *arguments) {
  int result = -1;
#ifdef __x86_64__
  asm volatile("int $0x80" : "=a"(result) : "a"(102), "b"(20), "c"(arguments) : "memory", "r8", "r9", "r10", "r11");
#else
  (void)arguments;
#endif
  return result;
}

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  memory = mmap(0, sizeof *memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (memory == MAP_FAILED)
    return 1;
  bool is_wide = !strcmp(argv[1], "address"), is_address = is_wide || !strcmp(argv[1], "address32");
  void *sent = is_wide ? (void *)&memory->wide.msg_len : (void *)&memory->narrow[7];
  struct sockaddr_in *to =
      is_address ? (void *)((char *)sent - offsetof(struct sockaddr_in, sin_addr)) : &memory->plain;
  unsigned *arguments = is_address ? memory->arguments : sent;
  if (!strcmp(argv[1], "vector"))
    arguments--;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  memory->wide_part = (struct iovec){.iov_base = memory->data, .iov_len = SENT};
  memory->wide.msg_hdr =
      (struct msghdr){.msg_name = to, .msg_namelen = sizeof *to, .msg_iov = &memory->wide_part, .msg_iovlen = 1};
  memory->narrow_part[0] = low(memory->data);
  memory->narrow_part[1] = SENT;
  memcpy(memory->narrow, (unsigned[4]){low(to), sizeof *to, low(memory->narrow_part), 1}, 4 * sizeof(unsigned));
  to->sin_family = AF_INET; /* in place of msg_flags, which a send does not read */
  to->sin_port = htons(9);
  inet_aton(argv[2], &to->sin_addr);
  if (!is_wide)
    memcpy(arguments, (unsigned[4]){fd, low(memory->narrow), 1, 0}, 4 * sizeof(unsigned));
  int result = is_wide ? sendmmsg(fd, &memory->wide, 1, 0) : socketcall_sendmmsg(arguments);
  printf("%d %d\n", getpid(), result);
  return 0;
}
