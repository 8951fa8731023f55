// The hooks of a capture for JavaScript: loaded programs, and hooks that the kernel refuses.

#include "addon/capture_object.h"
#include "addon/javascript.h"

namespace wasprey {
namespace {

Napi::Object MissingOf(Napi::Env env, const MissingHook& missing) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("hook", missing.hook);
  object.Set("program", missing.program);
  object.Set("reason", missing.reason);
  object.Set("detail", missing.detail);
  object.Set("blinds", ArrayOfStrings(env, missing.blinds));
  object.Set("ways", ArrayOfStrings(env, missing.ways));
  return object;
}

}  // namespace

Napi::Value CaptureObject::Missing(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Capture* const capture = Open(env);
  if (capture == nullptr) return env.Undefined();
  Napi::Array array = Napi::Array::New(env);
  for (const MissingHook& missing : capture->source().Missing()) array.Set(array.Length(), MissingOf(env, missing));
  return array;
}

Napi::Value CaptureObject::LoadedPrograms(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Capture* const capture = Open(env);
  if (capture == nullptr) return env.Undefined();
  return ArrayOfStrings(env, capture->source().Loaded());
}

}  // namespace wasprey
