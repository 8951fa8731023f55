// Unix datagram sockets, such as /dev/log, which Node.js does not support.
#pragma once

#include <string>

#include "system/file_descriptor.h"
#include "system/result.h"

namespace wasprey {

/**
 * A socket that is connected to the one at `path`, so that write(2) sends a datagram. It doesn't block. A path that
 * begins with @ is a name in the abstract namespace, as systemd writes it in NOTIFY_SOCKET.
 */
Result<FileDescriptor> ConnectUnixDatagram(const std::string& path);

}  // namespace wasprey
