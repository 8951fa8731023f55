// The tables of the kernel filter, as made by host/capture/filter-tables.ts.
#pragma once

#include <napi.h>

#include <optional>

#include "filtering/kernel_filter.h"

namespace wasprey {

/** Refers to the object, which must outlive it. Empty when members are missing or have other types. */
std::optional<FilterTables> FilterTablesOf(const Napi::Value& value);

/** The bank of candidate words of a filter; empty for an invalid value. */
std::optional<uint32_t> BankOf(const Napi::Value& value);

}  // namespace wasprey
