// Text of addresses and ports, without printf: a name is written for each network event.

#include "records/socket_name.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace wasprey {
namespace {

constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <typename Number>
char* WriteNumber(char* out, Number number, int base = 10) {
  return std::to_chars(out, out + 20, number, base).ptr;
}

char* WriteV4(char* out, const uint8_t* address) {
  for (int i = 0; i < 4; i++) {
    if (i > 0) *out++ = '.';
    out = WriteNumber(out, unsigned{address[i]});
  }
  return out;
}

char* WriteEnd(char* out, uint8_t kind, const uint8_t* address, uint16_t port) {
  if (kind == '4') {
    out = WriteV4(out, address);
  } else if (memcmp(address, kMappedPrefix, sizeof kMappedPrefix) == 0) {
    out = WriteV4(out, address + sizeof kMappedPrefix);
  } else {
    inet_ntop(AF_INET6, address, out, INET6_ADDRSTRLEN);
    out += strlen(out);
  }
  *out++ = ':';
  return WriteNumber(out, unsigned{port});
}

char* WriteArrow(char* out) {
  *out++ = '-';
  *out++ = '>';
  return out;
}

bool IsZero(const uint8_t* address) {
  return std::all_of(address, address + 16, [](uint8_t byte) { return byte == 0; });
}

uint64_t FirstWord(const uint8_t* address) {
  uint64_t word;
  memcpy(&word, address, sizeof word);
  return word;
}

}  // namespace

size_t WriteSocketName(char* out, const event_network& event, const char* path, size_t path_length) {
  char* end = out;
  if (event.kind == 'u') {
    // Neither bound nor connected, or no socket: a userfaultfd has the same letter.
    if (path_length == 0 && FirstWord(event.remote_address) == 0) return 0;
    end = WriteArrow(WriteNumber(end, FirstWord(event.local_address), 16));
    end = WriteNumber(end, FirstWord(event.remote_address), 16);
    if (path_length > 0) {
      *end++ = ' ';
      end = static_cast<char*>(mempcpy(end, path, path_length));
      // An abstract name starts with a NUL, which ss(8) and /proc/net/unix print as '@'.
      std::replace(end - path_length, end, '\0', '@');
    }
    return static_cast<size_t>(end - out);
  }
  const bool has_peer = event.remote_port != 0 || !IsZero(event.remote_address);
  if (has_peer && event.role == ROLE_SERVER) {
    end = WriteArrow(WriteEnd(end, event.kind, event.remote_address, event.remote_port));
    end = WriteEnd(end, event.kind, event.local_address, event.local_port);
  } else if (has_peer) {
    end = WriteArrow(WriteEnd(end, event.kind, event.local_address, event.local_port));
    end = WriteEnd(end, event.kind, event.remote_address, event.remote_port);
  } else if (event.local_port != 0) {
    end = WriteEnd(end, event.kind, event.local_address, event.local_port);
  }
  return static_cast<size_t>(end - out);
}

}  // namespace wasprey
