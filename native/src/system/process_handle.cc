#include "system/process_handle.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

namespace wasprey {

Result<FileDescriptor> OpenProcess(int pid) {
  FileDescriptor fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  // ENOENT: it is ending (6.15). EINVAL: the number is that of a thread which is not a process.
  const bool is_absent = errno == ESRCH || errno == ENOENT || (errno == EINVAL && pid > 0);
  if (fd || is_absent) return fd;
  return Error{"PROCESS_OPEN", "can't open process " + std::to_string(pid), ErrnoText(errno)};
}

Result<bool> SignalProcess(int pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return true;
  if (errno == ESRCH) return false;
  return Error{"PROCESS_SIGNAL", "can't send signal " + std::to_string(signal), ErrnoText(errno)};
}

}  // namespace wasprey
