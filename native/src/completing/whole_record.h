// Copies of completed records that outlast their batch.
#pragma once

#include "completing/completion.h"
#include "records/kernel_layout.h"

namespace wasprey {

/**
 * Copies a record, which is at `address`, with everything that completion made for it. Names and second view are part
 * of the copy, so copies are walked like records. `place` is the destination, at `target` in the sandbox; null: nothing
 * is written. Returns the size, a multiple of 8.
 */
uint32_t CopyWhole(const event_header& record, uint32_t address, const Completion& completion, std::byte* place,
                   uint32_t target);

}  // namespace wasprey
