// Conversions to and from JavaScript values, without C++ exceptions.

#include "addon/javascript.h"

#include <cmath>

namespace wasprey {

Napi::Error ErrorOf(Napi::Env env, const Error& error) {
  const Napi::Error made = Napi::Error::New(env, error.message);
  made.Set("code", Napi::String::New(env, error.code));
  if (!error.detail.empty()) made.Set("detail", Napi::String::New(env, error.detail));
  return made;
}

Napi::Value Throw(Napi::Env env, const Error& error) {
  ErrorOf(env, error).ThrowAsJavaScriptException();
  return env.Undefined();
}

Napi::Value ThrowType(Napi::Env env, const char* message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
  return env.Undefined();
}

std::optional<uint64_t> NumberIn(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsNumber()) return std::nullopt;
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= 0) || number > 9007199254740991.0) return std::nullopt;
  return static_cast<uint64_t>(number);
}

std::optional<std::vector<std::string>> StringsOf(const Napi::Value& value) {
  if (!value.IsArray()) return std::nullopt;
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value item = array.Get(i);
    if (!item.IsString()) return std::nullopt;
    strings.push_back(item.As<Napi::String>().Utf8Value());
  }
  return strings;
}

}  // namespace wasprey
