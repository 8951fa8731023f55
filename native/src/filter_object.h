// The tables of the kernel filter as they come from host/capture/filter-tables.ts.
#pragma once

#include <napi.h>

#include <optional>

#include "kernel_filter.h"

namespace wasprey {

/** In place: good as long as the object is. Nothing when members are missing or of other types. */
std::optional<FilterTables> FilterTablesOf(const Napi::Value& value);

/** A bank of candidate words, by which a filter goes; nothing when the value is none. */
std::optional<uint32_t> BankOf(const Napi::Value& value);

}  // namespace wasprey
