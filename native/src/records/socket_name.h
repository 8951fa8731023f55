// fd.name of sockets, as Falco prints it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "records/kernel_layout.h"

namespace wasprey {

/** Room WriteSocketName() needs, without a unix path's. */
inline constexpr size_t kLongestSocketName = 128;

/**
 * Writes the name of a socket of kind '4', '6' or 'u' to `out`: `client:port->server:port`, `address:port` when it is
 * bound and has no peer, `own->peer path` in hexadecimal for unix sockets, nothing when it is neither connected nor
 * bound. IPv6 without brackets, IPv4-mapped addresses as IPv4. Returns the length.
 */
size_t WriteSocketName(char* out, const event_network& event, const char* path, size_t path_length);

}  // namespace wasprey
