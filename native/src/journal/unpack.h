// Unpacking zstd into memory that is used again, with the zstd that Node has: node:zlib makes a new buffer for each
// block, and filling fresh pages takes as long as unpacking.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace wasprey {

/** Whether this Node exports its zstd. */
bool CanUnpack();

/** Unpacks one frame. Returns its length; nothing if it is invalid, or longer than `into`. On one thread at a time. */
std::optional<size_t> Unpack(std::span<const uint8_t> frame, std::span<uint8_t> into);

}  // namespace wasprey
