// Values across the N-API border: errors, numbers of an object, strings of an array.
#pragma once

#include <napi.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "system/result.h"

namespace wasprey {

/** An Error as JavaScript's, with `code` and `detail`. */
Napi::Error ErrorOf(Napi::Env env, const Error& error);
/** Throws it. Returns undefined for the caller to return. */
Napi::Value Throw(Napi::Env env, const Error& error);
/** Throws a TypeError: the caller's mistake. */
Napi::Value ThrowType(Napi::Env env, const char* message);

/** The elements of a typed array of that element type, in place; nothing when it is something else. */
template <typename Element>
std::optional<std::span<Element>> ElementsOf(const Napi::Value& value, napi_typedarray_type type) {
  if (!value.IsTypedArray()) return std::nullopt;
  const auto array = value.As<Napi::TypedArray>();
  if (array.TypedArrayType() != type) return std::nullopt;
  // napi_get_typedarray_info also knows the address when the buffer is shared, which napi_get_arraybuffer_info does
  // not.
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_typedarray_info(value.Env(), value, nullptr, &length, &data, nullptr, nullptr) != napi_ok) {
    return std::nullopt;
  }
  return std::span(static_cast<Element*>(data), length);
}

/** The bytes of an argument that is a Uint8Array. */
inline std::optional<std::span<uint8_t>> BytesOf(const Napi::CallbackInfo& info, size_t index) {
  return ElementsOf<uint8_t>(info[index], napi_uint8_array);
}

/** A non-negative number member of an object; empty when missing or invalid. */
std::optional<uint64_t> NumberIn(const Napi::Object& object, const char* name);

/** The strings of an array; empty when it is not an array of strings. */
std::optional<std::vector<std::string>> StringsOf(const Napi::Value& value);

inline Napi::String TextOf(Napi::Env env, std::string_view text) {
  return Napi::String::New(env, text.data(), text.size());
}

/** Strings of any kind as an array. */
template <typename Text>
Napi::Array ArrayOfStrings(Napi::Env env, const std::vector<Text>& strings) {
  Napi::Array array = Napi::Array::New(env, strings.size());
  for (uint32_t i = 0; i < strings.size(); i++) array.Set(i, TextOf(env, strings[i]));
  return array;
}

}  // namespace wasprey
