// What the journal keeps, for JavaScript.

#include <algorithm>
#include <utility>

#include "addon/capture_object.h"
#include "addon/javascript.h"

namespace wasprey {

namespace {

JournalUse UseOf(const Napi::Value& value) {
  const bool is_captures = value.IsNumber() && value.As<Napi::Number>().Uint32Value() == JOURNAL_USE_CAPTURES;
  return is_captures ? JournalUse::kCaptures : JournalUse::kJournal;
}

}  // namespace

Napi::Value CaptureObject::KeepJournal(const Napi::CallbackInfo& info) {
  const auto types = BytesOf(info, 1);
  const auto opens = BytesOf(info, 2);
  JournalWants wants;
  const bool none = info[1].IsUndefined();
  if (!none && (!types || types->size() != wants.types.size() || !opens || opens->size() != wants.opens.size())) {
    return ThrowType(info.Env(), "keepJournal: a use, a Uint8Array of all event types and one of all opens are needed");
  }
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (!none) {
    std::copy(types->begin(), types->end(), wants.types.begin());
    std::copy(opens->begin(), opens->end(), wants.opens.begin());
  }
  const JournalUse use = UseOf(info[0]);
  wants.only_captured = use == JournalUse::kCaptures;
  capture->KeepJournal(use, none ? nullptr : &wants);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::CaptureScopesOf(const Napi::CallbackInfo& info) {
  const auto pids = ElementsOf<uint32_t>(info[2], napi_uint32_array);
  if (!info[0].IsBoolean() || !info[1].IsArray() || !pids) {
    return ThrowType(info.Env(), "captureScopes: a boolean, an array of texts and a Uint32Array are needed");
  }
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  CaptureScopes scopes;
  scopes.all = info[0].As<Napi::Boolean>().Value();
  const auto containers = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i < containers.Length(); i++) {
    const Napi::Value container = containers[i];
    if (container.IsString()) scopes.containers.insert(container.As<Napi::String>().Utf8Value());
  }
  scopes.trees.insert(pids->begin(), pids->end());
  capture->SetScopes(std::move(scopes));
  return info.Env().Undefined();
}

Napi::Value CaptureObject::AllImages(const Napi::CallbackInfo& info) {
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  const auto bytes = capture->AllImages();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), bytes.data(), bytes.size());
}

Napi::Value CaptureObject::SelectJournal(const Napi::CallbackInfo& info) {
  const auto into = BytesOf(info, 1);
  if (!into) return ThrowType(info.Env(), "selectJournal: a use and a Uint8Array are needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  const auto length = capture->SelectJournal(UseOf(info[0]), *into);
  if (!length) return ThrowType(info.Env(), "selectJournal: the batch is longer than the array");
  return Napi::Number::New(info.Env(), static_cast<double>(*length));
}

Napi::Value CaptureObject::TakeJournalExtent(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Capture* const capture = Open(env);
  if (capture == nullptr) return env.Undefined();
  const JournalExtent extent = capture->TakeJournalExtent(UseOf(info[0]));
  Napi::Object object = Napi::Object::New(env);
  object.Set("events", extent.events);
  object.Set("first", Napi::BigInt::New(env, extent.first));
  object.Set("last", Napi::BigInt::New(env, extent.last));
  Napi::Uint32Array pids = Napi::Uint32Array::New(env, extent.pids.size());
  std::copy(extent.pids.begin(), extent.pids.end(), pids.Data());
  std::sort(pids.Data(), pids.Data() + extent.pids.size());
  object.Set("pids", pids);
  object.Set("containers", ArrayOfStrings(env, std::vector(extent.containers.begin(), extent.containers.end())));
  return object;
}

}  // namespace wasprey
