// The capture's integrity, for JavaScript.

#include "addon/capture_object.h"
#include "addon/javascript.h"

namespace wasprey {
namespace {

Napi::Number Milliseconds(Napi::Env env, uint64_t nanoseconds) {
  return Napi::Number::New(env, static_cast<double>(nanoseconds) / 1e6);
}

Napi::Object FindingOf(Napi::Env env, const Finding& finding) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("what", finding.what);
  object.Set("name", finding.name);
  object.Set("number", Napi::Number::New(env, static_cast<double>(finding.number)));
  object.Set("repaired", Napi::Boolean::New(env, finding.repaired));
  return object;
}

Napi::Object GapOf(Napi::Env env, const Heartbeat::Gap& gap) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("endMs", Milliseconds(env, gap.end));
  object.Set("lengthMs", Milliseconds(env, gap.length));
  object.Set("ranMs", Milliseconds(env, gap.ran));
  object.Set("waitedMs", Milliseconds(env, gap.waited));
  object.Set("stolenMs", Milliseconds(env, gap.stolen));
  object.Set("faults", Napi::Number::New(env, static_cast<double>(gap.faults)));
  object.Set("accounted", Napi::Boolean::New(env, gap.accounted));
  return object;
}

template <typename Item, typename Convert>
Napi::Array ArrayOf(Napi::Env env, const std::vector<Item>& items, Convert convert) {
  Napi::Array array = Napi::Array::New(env, items.size());
  for (uint32_t i = 0; i < items.size(); i++) array.Set(i, convert(env, items[i]));
  return array;
}

}  // namespace

Napi::Value CaptureObject::CheckIntegrity(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Capture* const capture = Open(env);
  if (capture == nullptr) return env.Undefined();
  const Integrity integrity = capture->CheckIntegrity();
  Napi::Object object = Napi::Object::New(env);
  object.Set("findings", ArrayOf(env, integrity.findings, FindingOf));
  object.Set("gaps", ArrayOf(env, integrity.gaps, GapOf));
  object.Set("dropped", Napi::Number::New(env, static_cast<double>(integrity.dropped)));
  return object;
}

Napi::Value CaptureObject::ThisThread(const Napi::CallbackInfo& info) {
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), capture->ThisThread());
}

}  // namespace wasprey
