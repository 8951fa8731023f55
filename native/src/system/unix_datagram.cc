#include "system/unix_datagram.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace wasprey {

Result<FileDescriptor> ConnectUnixDatagram(const std::string& path) {
  const auto failed = [&](int number) {
    return Error{"SOCKET_CONNECT", "can't connect to the socket " + path, ErrnoText(number)};
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // One byte is left for the end of the text.
  if (path.empty() || path.size() >= sizeof(address.sun_path) || path.find('\0') != std::string::npos) {
    return failed(ENAMETOOLONG);
  }
  memcpy(address.sun_path, path.data(), path.size());
  socklen_t length = sizeof(address);
  if (path.front() == '@') {
    address.sun_path[0] = '\0';
    // Every byte up to the length is part of an abstract name: no end of text may follow.
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  }
  FileDescriptor fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return failed(errno);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return failed(errno);
  return fd;
}

}  // namespace wasprey
