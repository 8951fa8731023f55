#include "injection.h"

#include "addon/capture_object.h"
#include "addon/javascript.h"

namespace wasprey {
namespace {

template <typename Put>
Napi::Value InjectInto(const Napi::CallbackInfo& info, Put put) {
  const Napi::Env env = info.Env();
  const auto record = BytesOf(info, 1);
  if (!info[0].IsNumber() || !record) return ThrowType(env, "inject: a capture and a Uint8Array are needed");
  Status failed = Error{"CAPTURE_CLOSED", "The capture is closed.", ""};
  WithCapture(info[0].As<Napi::Number>().Uint32Value(), [&](Capture* capture) {
    BuilderSource* const builder = capture->builder();
    failed = builder == nullptr ? Error{"CAPTURE_STATE", "Only a builder takes records.", ""} : put(builder, *record);
  });
  return failed ? Throw(env, *failed) : env.Undefined();
}

}  // namespace

Napi::Value InjectEvent(const Napi::CallbackInfo& info) {
  return InjectInto(info, [](BuilderSource* builder, std::span<const uint8_t> record) {
    return builder->Inject(record.data(), record.size());
  });
}

Napi::Value InjectImage(const Napi::CallbackInfo& info) {
  return InjectInto(info, [](BuilderSource* builder, std::span<const uint8_t> record) -> Status {
    builder->InjectImage(record.data(), record.size());
    return std::nullopt;
  });
}

}  // namespace wasprey
