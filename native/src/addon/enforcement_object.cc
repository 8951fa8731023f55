// Enforcement in the kernel, for JavaScript. Types are checked here, sizes by EnforcementTable::Make().

#include "addon/capture_object.h"
#include "addon/filter_object.h"
#include "addon/javascript.h"
#include "enforcement/enforcer.h"

namespace wasprey {

namespace {

/** `{folder, never}`. */
std::optional<PinSettings> PinsOf(const Napi::Value& value) {
  if (!value.IsObject()) return std::nullopt;
  const auto object = value.As<Napi::Object>();
  const Napi::Value folder = object.Get("folder"), never = object.Get("never");
  if (!folder.IsString() || !never.IsBigInt()) return std::nullopt;
  bool is_lossless = false;
  return PinSettings{folder.As<Napi::String>().Utf8Value(), never.As<Napi::BigInt>().Uint64Value(&is_lossless)};
}

}  // namespace

Napi::Value CaptureObject::PrepareEnforcement(const Napi::CallbackInfo& info) {
  const auto bank = BankOf(info[0]);
  const auto tables = BytesOf(info, 1);
  const auto rules = ElementsOf<uint64_t>(info[2], napi_biguint64_array);
  auto pins = PinsOf(info[3]);
  if (!bank || !tables || !rules || (!pins && !info[3].IsUndefined()))
    return ThrowType(
        info.Env(), "prepareEnforcement: a bank, tables, the clauses of rules, and where to pin or nothing are needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (auto failed = capture->enforcement().Prepare(*bank, *tables, *rules, std::move(pins)))
    return Throw(info.Env(), *failed);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::Enforce(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bank = BankOf(info[0]);
  if (!info[0].IsUndefined() && !bank) return ThrowType(env, "enforce: a bank or none is needed");
  Capture* const capture = Open(env);
  if (capture == nullptr) return env.Undefined();
  if (capture->selection().IsChanging())
    return Throw(env, {"CAPTURE_STATE", "A change of what is captured is under way.", ""});
  if (auto failed = capture->enforcement().Use(bank)) return Throw(env, *failed);
  Napi::Array array = Napi::Array::New(env);
  for (const MissingEnforcer& missing : capture->source().MissingEnforcers()) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("program", missing.program);
    object.Set("detail", missing.detail);
    array.Set(array.Length(), object);
  }
  return array;
}

Napi::Value CaptureObject::PermitEnforcement(const Napi::CallbackInfo& info) {
  if (!info[0].IsString() || !info[1].IsNumber())
    return ThrowType(info.Env(), "permitEnforcement: the id of a container and a number are needed");
  Capture* const capture = Open(info.Env());
  if (capture != nullptr)
    capture->enforcement().places().Permit(info[0].As<Napi::String>().Utf8Value(),
                                           info[1].As<Napi::Number>().Uint32Value());
  return info.Env().Undefined();
}

Napi::Value CaptureObject::RenewPermits(const Napi::CallbackInfo& info) {
  Capture* const capture = Open(info.Env());
  if (capture != nullptr) capture->enforcement().RenewPermits();
  return info.Env().Undefined();
}

Napi::Value CaptureObject::ForgetPermits(const Napi::CallbackInfo& info) {
  Capture* const capture = Open(info.Env());
  if (capture != nullptr) capture->enforcement().places().ForgetPermits();
  return info.Env().Undefined();
}

Napi::Value CaptureObject::SupposeRefused(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) return ThrowType(info.Env(), "supposeRefused: an address is needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  const auto supposed = capture->SupposeRefused(info[0].As<Napi::Number>().Uint32Value());
  return supposed ? Napi::Number::New(info.Env(), *supposed) : info.Env().Undefined();
}

Napi::Value CaptureObject::UnattendedEnforcement(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Capture* const capture = Open(env);
  const wasprey::UnattendedEnforcement* const found = capture == nullptr ? nullptr : capture->source().Unattended();
  if (found == nullptr) return env.Undefined();
  Napi::Array outcomes = Napi::Array::New(env, ENFORCE_OUTCOMES);
  for (uint32_t i = 0; i < ENFORCE_OUTCOMES; i++)
    outcomes.Set(i, Napi::Number::New(env, static_cast<double>(found->outcomes[i])));
  Napi::Object object = Napi::Object::New(env);
  object.Set("outcomes", outcomes);
  object.Set("agoMs", Napi::Number::New(env, static_cast<double>(found->ago) / 1e6));
  return object;
}

}  // namespace wasprey
