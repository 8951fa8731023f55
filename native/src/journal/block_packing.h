// How the contents of a block are arranged before they are packed: host/recording/README.md, "Events apart".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "journal/block_entries.h"

namespace wasprey {

/**
 * Writes the block to `into`, of the same length: first all but the bodies of event entries, then these, with times,
 * images and sequence numbers as differences. Returns where the bodies begin; nothing if the block is invalid or there
 * are none. `types`: sets the bit of each event's type, as far as it has room.
 */
std::optional<size_t> ArrangeBlock(std::span<const uint8_t> block, std::span<uint8_t> into, std::span<uint8_t> types);

/** The reverse. False if the arranged block is invalid. `checks` gets all entries, which are in the cache then. */
bool RestoreBlock(std::span<const uint8_t> arranged, size_t events_at, std::span<uint8_t> into, EntryChecks* checks);

}  // namespace wasprey
