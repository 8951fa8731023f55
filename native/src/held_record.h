// Copies of completed records that outlast their batch.
#pragma once

#include "completion.h"
#include "kernel_layout.h"

namespace wasprey {

/**
 * Copies a record, which lies at `address`, with all that completion made for it: names and second view lie in the copy
 * and count as part of it, so that what walks records walks copies likewise. `place` is where it goes, at `target` in
 * the sandbox; null: nothing is written. Returns the bytes that it takes, a multiple of 8.
 */
uint32_t CopyWhole(const event_header& record, uint32_t address, const Completion& completion, std::byte* place,
                   uint32_t target);

}  // namespace wasprey
