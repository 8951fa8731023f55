// The holder is a child's child, so that nobody has to wait for it. It has all descriptors of the agent at first, and
// must not keep those: a reader of the agent's output would wait for its end.

#include "bpf_detach.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

#include "file_descriptor.h"

namespace wasprey {
namespace {

/** Closes all descriptors but those in `kept`, which is sorted. */
void CloseAllBut(const std::vector<int>& kept) {
  unsigned from = 0;
  for (const int fd : kept) {
    if (static_cast<unsigned>(fd) > from) close_range(from, static_cast<unsigned>(fd) - 1, 0);
    from = static_cast<unsigned>(fd) + 1;
  }
  close_range(from, UINT_MAX, 0);
}

/** In the child of a process with threads: system calls alone. */
[[noreturn]] void Hold(const std::vector<int>& kept, int released) {
  if (fork() != 0) _exit(0);
  setsid();
  prctl(PR_SET_NAME, "wasprey-detach");
  CloseAllBut(kept);
  char byte;
  while (read(released, &byte, 1) < 0 && errno == EINTR) {
  }
  _exit(0);
}

}  // namespace

void DetachInBackground(std::vector<BpfLink> links) {
  if (links.empty()) return;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  const FileDescriptor read_end(ends[0]);
  const FileDescriptor write_end(ends[1]);
  std::vector<int> kept{ends[0]};
  for (const BpfLink& link : links) kept.push_back(bpf_link__fd(link.get()));
  std::sort(kept.begin(), kept.end());

  // Handlers of the agent must not run in the holder.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = fork();
  if (child == 0) Hold(kept, ends[0]);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  while (child > 0 && waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  links.clear();
}

}  // namespace wasprey
