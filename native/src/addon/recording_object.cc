// Replays, which go to builders, and the log of images in a recording.

#include <cstring>

#include "addon/capture_object.h"
#include "addon/javascript.h"
#include "journal/block_entries.h"
#include "journal/block_packing.h"

namespace wasprey {

Napi::Value CaptureObject::LogImages(const Napi::CallbackInfo& info) {
  if (Capture* const capture = Open(info.Env())) capture->LogImages();
  return info.Env().Undefined();
}

Napi::Value CaptureObject::TakeImageLog(const Napi::CallbackInfo& info) {
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  const auto bytes = capture->TakeImageLog();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), bytes.data(), bytes.size());
}

Napi::Value CaptureObject::Replay(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto images = BytesOf(info, 1);
  const auto events = BytesOf(info, 2);
  if (!info[0].IsBigInt() || !images || !events || !info[3].IsBoolean()) {
    return ThrowType(env, "replay: a time, images, events and whether the snapshot is complete are needed");
  }
  Capture* const capture = Open(env);
  if (capture == nullptr || Builder(env) == nullptr) return env.Undefined();
  bool lossless = false;
  const uint64_t clock = info[0].As<Napi::BigInt>().Uint64Value(&lossless);
  if (auto failed = capture->ReplayRecorded({clock, info[3].As<Napi::Boolean>().Value(), *images, *events})) {
    return Throw(env, *failed);
  }
  return env.Undefined();
}

Napi::Value CaptureObject::ReplayBlock(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto block = BytesOf(info, 0);
  const auto wanted = BytesOf(info, 1);
  const auto state = ElementsOf<uint64_t>(info[2], napi_biguint64_array);
  if (!block || !wanted || !state || state->size() * sizeof(uint64_t) != sizeof(BlockProgress)) {
    return ThrowType(env, "replayBlock: a block, the wanted types and the progress are needed");
  }
  Capture* const capture = Open(env);
  if (capture == nullptr || Builder(env) == nullptr) return env.Undefined();
  BlockProgress progress{};
  memcpy(&progress, state->data(), sizeof progress);
  const auto failed = capture->ReplayBlock(*block, *wanted, &progress);
  memcpy(state->data(), &progress, sizeof progress);
  return failed ? Throw(env, *failed) : env.Undefined();
}

Napi::Value CheckBlockOf(const Napi::CallbackInfo& info) {
  const auto block = BytesOf(info, 0);
  if (!block) return ThrowType(info.Env(), "checkBlock: a Uint8Array is needed");
  auto events = CheckBlock(*block);
  if (!events) return Napi::String::New(info.Env(), events.error().message);
  return Napi::Number::New(info.Env(), static_cast<double>(*events));
}

/** (block: Uint8Array, into: Uint8Array of its length, types: Uint8Array) -> where the events begin, or undefined */
Napi::Value ArrangeBlockOf(const Napi::CallbackInfo& info) {
  const auto block = BytesOf(info, 0);
  const auto into = BytesOf(info, 1);
  const auto types = BytesOf(info, 2);
  if (!block || !into || !types) return ThrowType(info.Env(), "arrangeBlock: three Uint8Arrays are needed");
  const auto events_at = ArrangeBlock(*block, *into, *types);
  if (!events_at) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(*events_at));
}

/**
 * (arranged: Uint8Array, eventsAt: number, into: Uint8Array of its length) -> undefined if it is invalid; else how many
 * events it has, or -1 if its entries are not those of this version
 */
Napi::Value RestoreBlockOf(const Napi::CallbackInfo& info) {
  const auto arranged = BytesOf(info, 0);
  const auto into = BytesOf(info, 2);
  if (!arranged || !into || !info[1].IsNumber()) {
    return ThrowType(info.Env(), "restoreBlock: two Uint8Arrays and a place are needed");
  }
  EntryChecks checks;
  if (!RestoreBlock(*arranged, info[1].As<Napi::Number>().Uint32Value(), *into, &checks)) return info.Env().Undefined();
  auto events = checks.events();
  return Napi::Number::New(info.Env(), events ? static_cast<double>(*events) : -1);
}

}  // namespace wasprey
