// Shared by the BPF programs and the addon: record layouts (generated from host/schema) and the rings' control words
// (native/bpf/ring.h).
#pragma once

#include <linux/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bpf/ring.h"
#include "generated/schema.h"

namespace wasprey {

/** The annex starts here: a lifecycle record has only the part before it. */
inline constexpr uint32_t kImageKernelHalf = offsetof(struct image, parent_address);

/** Whether a string of a record is within its `size` bytes, after its fixed part. True for an absent one. */
inline bool StringFits(const string_ref& text, uint32_t fixed, uint32_t size) {
  return text.offset == 0 || (text.offset >= fixed && text.offset <= size && text.length <= size - text.offset);
}

/** The bytes of a string; empty when absent. Only for records whose strings were checked. */
inline std::string_view StringOf(const void* record, const string_ref& text) {
  if (text.offset == 0) return {};
  return {static_cast<const char*>(record) + static_cast<int32_t>(text.offset), text.length};
}

}  // namespace wasprey
