// Process images, containers and names, for JavaScript.

#include "addon/capture_object.h"
#include "addon/filter_object.h"
#include "addon/javascript.h"

namespace wasprey {

Napi::Value CaptureObject::TakeImages(const Napi::CallbackInfo& info) {
  const auto addresses = ElementsOf<uint32_t>(info[0], napi_uint32_array);
  if (!addresses) return ThrowType(info.Env(), "takeImages: a Uint32Array is needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(capture->images().candidates().TakeNew(*addresses)));
}

Napi::Value CaptureObject::AnnounceImages(const Napi::CallbackInfo& info) {
  const std::string which = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "";
  const auto bank = info[1].IsUndefined() ? std::optional<uint32_t>(0) : BankOf(info[1]);
  if ((which != "all" && which != "on-demand") || !bank) {
    return ThrowType(info.Env(), "announceImages: 'all' or 'on-demand', and a bank or none, are needed");
  }
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (which == "all") {
    capture->images().candidates().AnnounceAll();
  } else {
    capture->images().candidates().AnnounceOnDemand(*bank);
  }
  return info.Env().Undefined();
}

Napi::Value CaptureObject::ListImages(const Napi::CallbackInfo& info) {
  const auto addresses = ElementsOf<uint32_t>(info[1], napi_uint32_array);
  if (!info[0].IsNumber() || !addresses) {
    return ThrowType(info.Env(), "listImages: a number and a Uint32Array are needed");
  }
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  const size_t listed = capture->images().store().List(info[0].As<Napi::Number>().Uint32Value(), *addresses);
  return Napi::Number::New(info.Env(), static_cast<double>(listed));
}

Napi::Value CaptureObject::SetCandidates(const Napi::CallbackInfo& info) {
  const auto words = ElementsOf<uint64_t>(info[1], napi_biguint64_array);
  const auto bank = info[2].IsUndefined() ? std::optional<uint32_t>(0) : BankOf(info[2]);
  if (!info[0].IsNumber() || !words || !bank) {
    return ThrowType(info.Env(), "setCandidates: an address, a BigUint64Array, and a bank or none, are needed");
  }
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  const uint32_t address = info[0].As<Napi::Number>().Uint32Value();
  if (!capture->SetCandidates(address, *bank, *words)) {
    return Throw(info.Env(), {"CAPTURE_IMAGE", "No process image at " + std::to_string(address) + ".", ""});
  }
  return info.Env().Undefined();
}

Napi::Value CaptureObject::TakeContainers(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Capture* const capture = Open(env);
  if (capture == nullptr) return env.Undefined();
  const auto seen = capture->containers().TakeSeen();
  Napi::Array array = Napi::Array::New(env, seen.size());
  for (uint32_t i = 0; i < seen.size(); i++) {
    Napi::Object notice = Napi::Object::New(env);
    notice.Set("address", Napi::Number::New(env, seen[i].address));
    notice.Set("id", Napi::String::New(env, seen[i].id));
    notice.Set("fullId", Napi::String::New(env, seen[i].full_id));
    notice.Set("type", Napi::String::New(env, seen[i].type));
    notice.Set("cgroup", Napi::String::New(env, seen[i].cgroup));
    notice.Set("pid", Napi::Number::New(env, seen[i].pid));
    array.Set(i, notice);
  }
  return array;
}

Napi::Value CaptureObject::SetNames(const Napi::CallbackInfo& info) {
  const auto table = BytesOf(info, 0);
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (!table || !capture->SetNames(*table))
    return ThrowType(info.Env(), "setNames: a Uint8Array of the table's size is needed");
  return info.Env().Undefined();
}

Napi::Value CaptureObject::SetContainer(const Napi::CallbackInfo& info) {
  const auto entry = BytesOf(info, 1);
  if (!info[0].IsString() || !entry) return ThrowType(info.Env(), "setContainer: an id and a Uint8Array are needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  auto address = capture->SetContainer(info[0].As<Napi::String>().Utf8Value(), entry->data(), entry->size());
  if (!address) return Throw(info.Env(), address.error());
  return Napi::Number::New(info.Env(), *address);
}

}  // namespace wasprey
