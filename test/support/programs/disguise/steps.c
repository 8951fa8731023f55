// Steps of many ways.
#define _GNU_SOURCE
#include "disguise.h"
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void open_file(const char *path) {
  int file = open(path, O_RDONLY);
  if (file < 0)
    err(1, "%s", path);
  close(file);
}

void write_text(const char *path, const char *text) {
  int file = open(path, O_WRONLY);
  if (file < 0 || write(file, text, strlen(text)) < 0)
    err(1, "%s", path);
  close(file);
}

void wait_for(pid_t child) {
  int status;
  if (waitpid(child, &status, __WALL) != child || status != 0)
    errx(1, "the child has failed");
}

void wait_for_input(void) {
  puts("ready");
  fflush(stdout);
  getchar();
}
