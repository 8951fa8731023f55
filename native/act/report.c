// Output of act: JSON lines, each written at once, so that lines of several processes do not mix.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "act.h"

void die(const char* format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "act: ");
  vfprintf(stderr, format, list);
  fprintf(stderr, "\n");
  va_end(list);
  exit(111);
}

long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static char line[65536];
static size_t line_length;

void say(const char* format, ...) {
  va_list list;
  va_start(list, format);
  line_length += vsnprintf(line + line_length, sizeof(line) - line_length, format, list);
  va_end(list);
}

// Bytes become the code points of the same number: the reader takes them as Latin-1.
static void say_text(const char* key, const char* text) {
  say(",\"%s\":\"", key);
  for (; *text; text++) {
    unsigned char byte = *text;
    if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\')
      say("\\u%04x", byte);
    else
      say("%c", byte);
  }
  say("\"");
}

static void say_address(const char* key, const struct sockaddr_storage* address) {
  char text[INET6_ADDRSTRLEN + 8] = "", name[INET6_ADDRSTRLEN];
  if (address->ss_family == AF_INET) {
    const struct sockaddr_in* in = (const void*)address;
    snprintf(text, sizeof(text), "%s:%u", inet_ntop(AF_INET, &in->sin_addr, name, sizeof(name)), ntohs(in->sin_port));
  } else if (address->ss_family == AF_INET6) {
    const struct sockaddr_in6* in6 = (const void*)address;
    snprintf(text, sizeof(text), "%s:%u", inet_ntop(AF_INET6, &in6->sin6_addr, name, sizeof(name)),
             ntohs(in6->sin6_port));
  } else {
    return;
  }
  say_text(key, text);
}

void say_descriptor(int fd) {
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) return;
  say(",\"fd\":%d,\"inode\":%llu,\"device\":%llu,\"mode\":%u", fd, (unsigned long long)status.st_ino,
      (unsigned long long)status.st_dev, status.st_mode);
  char path[64], text[8192];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  ssize_t length = readlink(path, text, sizeof(text) - 1);
  if (length >= 0) {
    text[length] = 0;
    say_text("link", text);
  }
  struct sockaddr_storage address;
  socklen_t size = sizeof(address);
  if (S_ISSOCK(status.st_mode) && getsockname(fd, (void*)&address, &size) == 0) say_address("local", &address);
  size = sizeof(address);
  if (S_ISSOCK(status.st_mode) && getpeername(fd, (void*)&address, &size) == 0) say_address("peer", &address);
}

void say_line(void) {
  say("}\n");
  for (size_t done = 0; done < line_length;) {
    ssize_t count = write(STDOUT_FILENO, line + done, line_length - done);
    if (count < 0) _exit(112);
    done += count;
  }
  line_length = 0;
}

void say_where(const char* call) {
  char cwd[8192];
  say("{\"call\":\"%s\",\"pid\":%d,\"tid\":%ld,\"ppid\":%d,\"pgid\":%d,\"sid\":%d,\"uid\":%u,\"euid\":%u,\"gid\":%u,"
      "\"cpu\":%d",
      call, getpid(), syscall(SYS_gettid), getppid(), getpgrp(), getsid(0), getuid(), geteuid(), getgid(),
      sched_getcpu());
  say(",\"before\":%lld,\"after\":%lld", now(), now());
  if (syscall(SYS_getcwd, cwd, sizeof(cwd)) > 0) say_text("cwd", cwd);
}
