// Held events, for JavaScript.

#include "addon/capture_object.h"
#include "addon/javascript.h"

namespace wasprey {

Napi::Value CaptureObject::AwaitContainer(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) return ThrowType(info.Env(), "awaitContainer: an id is needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), capture->hold().AwaitContainer(info[0].As<Napi::String>().Utf8Value()));
}

/** (most events) -> {id, reason} of the container to release, or undefined */
Napi::Value CaptureObject::Hold(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsNumber()) return ThrowType(env, "hold: a number of events is needed");
  Capture* const capture = Open(env);
  if (capture == nullptr) return env.Undefined();
  const auto full = capture->Hold(info[0].As<Napi::Number>().Uint32Value());
  if (!full) return env.Undefined();
  Napi::Object object = Napi::Object::New(env);
  object.Set("id", Napi::String::New(env, full->container));
  object.Set("reason", Napi::String::New(env, full->lack == HoldArea::Lack::kEvents ? "too-many-events" : "no-memory"));
  return object;
}

Napi::Value CaptureObject::EndWait(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) return ThrowType(info.Env(), "endWait: an id is needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), capture->hold().EndWait(info[0].As<Napi::String>().Utf8Value()));
}

Napi::Value CaptureObject::TakeHeld(const Napi::CallbackInfo& info) {
  const auto segments = ElementsOf<uint32_t>(info[0], napi_uint32_array);
  if (!segments || segments->size() < 2) {
    return ThrowType(info.Env(), "takeHeld: a Uint32Array of two elements or more is needed");
  }
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(capture->hold().area().Take(*segments)));
}

Napi::Value CaptureObject::ReleaseHeld(const Napi::CallbackInfo& info) {
  if (Capture* const capture = Open(info.Env())) capture->hold().area().Release();
  return info.Env().Undefined();
}

}  // namespace wasprey
