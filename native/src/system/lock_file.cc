#include "system/lock_file.h"

#include <errno.h>
#include <sys/file.h>

namespace wasprey {

Result<bool> LockFile(int fd) {
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return Error{"LOCK_FILE", "can't lock the file", ErrnoText(errno)};
}

}  // namespace wasprey
