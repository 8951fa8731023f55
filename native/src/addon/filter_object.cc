// Types are checked here, sizes by KernelFilter::Make().

#include "addon/filter_object.h"

#include <cmath>

#include "addon/javascript.h"

namespace wasprey {
namespace {

/** Reads members of an object; `complete` is false once a member has the wrong type. */
struct Members {
  Napi::Object object;
  bool complete = true;

  template <typename Element>
  void Take(const char* name, napi_typedarray_type type, std::span<const Element>* to) {
    const auto elements = ElementsOf<Element>(object.Get(name), type);
    complete = complete && elements.has_value();
    if (elements) *to = *elements;
  }
  void Take(const char* name, std::span<const uint64_t>* to) { Take(name, napi_biguint64_array, to); }
  void Take(const char* name, uint64_t* to) {
    const Napi::Value value = object.Get(name);
    bool lossless = false;
    if (value.IsBigInt()) *to = value.As<Napi::BigInt>().Uint64Value(&lossless);
    complete = complete && lossless;
  }
};

}  // namespace

std::optional<FilterTables> FilterTablesOf(const Napi::Value& value) {
  if (!value.IsObject()) return std::nullopt;
  FilterTables tables;
  Members members{value.As<Napi::Object>()};
  members.Take("types", &tables.types);
  members.Take("results", &tables.results);
  members.Take("opens", &tables.opens);
  members.Take("sockets", &tables.sockets);
  members.Take("anyPath", &tables.any_path);
  members.Take("topLevel", &tables.top_level);
  members.Take("ordinaryMemory", &tables.ordinary_memory);
  members.Take("captured", &tables.captured);
  members.Take("rules", &tables.rules);
  const Napi::Value paths = members.object.Get("paths");
  if (!paths.IsObject()) return std::nullopt;
  Members states{paths.As<Napi::Object>()};
  states.Take("classes", napi_uint8_array, &tables.classes);
  states.Take("accepted", &tables.accepted);
  states.Take("possible", &tables.possible);
  states.Take("next", napi_uint16_array, &tables.next);
  if (!members.complete || !states.complete) return std::nullopt;
  return tables;
}

std::optional<uint32_t> BankOf(const Napi::Value& value) {
  if (!value.IsNumber()) return std::nullopt;
  const double bank = value.As<Napi::Number>().DoubleValue();
  if (bank < 0 || bank >= IMAGE_CANDIDATE_BANKS || bank != std::floor(bank)) return std::nullopt;
  return static_cast<uint32_t>(bank);
}

}  // namespace wasprey
