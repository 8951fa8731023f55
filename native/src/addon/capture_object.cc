// Making a capture, running and changing it. Arguments are checked here and in the other files of its methods
// (*_object.cc): a wrong one is a TypeError, never a crash.

#include "addon/capture_object.h"

#include <map>
#include <mutex>

#include "addon/filter_object.h"
#include "addon/javascript.h"
#include "source/plan.h"

namespace wasprey {
namespace {

/** Captures of all threads by handle, for WithCapture(). Never destroyed: a worker may outlive what exit() destroys. */
struct Registry {
  std::mutex mutex;
  std::map<uint32_t, Capture*> captures;
  uint32_t last_handle = 0;
};

Registry& registry() {
  static Registry* const only = new Registry;
  return *only;
}

std::optional<Plan> PlanOf(const Napi::Value& value) {
  if (!value.IsObject()) return std::nullopt;
  const auto object = value.As<Napi::Object>();
  Plan plan;
  bool complete = true;
  const auto take = [&](const char* name, auto* member) {
    const auto number = NumberIn(object, name);
    complete = complete && number.has_value();
    *member = static_cast<std::remove_pointer_t<decltype(member)>>(number.value_or(0));
  };
  take("cpus", &plan.cpus);
  take("ringSize", &plan.ring_size);
  take("ringStride", &plan.ring_stride);
  take("ringsAddress", &plan.rings_address);
  take("imagesAddress", &plan.images_address);
  take("containersAddress", &plan.containers_address);
  take("holdAddress", &plan.hold_address);
  take("scratchAddress", &plan.scratch_address);
  take("memoryBytes", &plan.memory_bytes);
  if (!complete) return std::nullopt;
  return plan;
}

}  // namespace

Napi::Function CaptureObject::Define(Napi::Env env) {
  return DefineClass(env, "Capture",
                     {
                         InstanceMethod<&CaptureObject::Load>("load"),
                         InstanceMethod<&CaptureObject::Start>("start"),
                         InstanceMethod<&CaptureObject::PrepareFilter>("prepareFilter"),
                         InstanceMethod<&CaptureObject::BeginChange>("beginChange"),
                         InstanceMethod<&CaptureObject::BeginLoading>("beginLoading"),
                         InstanceMethod<&CaptureObject::PrepareEnforcement>("prepareEnforcement"),
                         InstanceMethod<&CaptureObject::Enforce>("enforce"),
                         InstanceMethod<&CaptureObject::PermitEnforcement>("permitEnforcement"),
                         InstanceMethod<&CaptureObject::RenewPermits>("renewPermits"),
                         InstanceMethod<&CaptureObject::ForgetPermits>("forgetPermits"),
                         InstanceMethod<&CaptureObject::UnattendedEnforcement>("unattendedEnforcement"),
                         InstanceMethod<&CaptureObject::IsChanged>("isChanged"),
                         InstanceMethod<&CaptureObject::Poll>("poll"),
                         InstanceMethod<&CaptureObject::HasEnforced>("hasEnforced"),
                         InstanceMethod<&CaptureObject::SupposeRefused>("supposeRefused"),
                         InstanceMethod<&CaptureObject::Release>("release"),
                         InstanceMethod<&CaptureObject::TakeImages>("takeImages"),
                         InstanceMethod<&CaptureObject::AnnounceImages>("announceImages"),
                         InstanceMethod<&CaptureObject::ListImages>("listImages"),
                         InstanceMethod<&CaptureObject::SetCandidates>("setCandidates"),
                         InstanceMethod<&CaptureObject::TakeContainers>("takeContainers"),
                         InstanceMethod<&CaptureObject::SetContainer>("setContainer"),
                         InstanceMethod<&CaptureObject::SetNames>("setNames"),
                         InstanceMethod<&CaptureObject::AwaitContainer>("awaitContainer"),
                         InstanceMethod<&CaptureObject::Hold>("hold"),
                         InstanceMethod<&CaptureObject::EndWait>("endWait"),
                         InstanceMethod<&CaptureObject::TakeHeld>("takeHeld"),
                         InstanceMethod<&CaptureObject::ReleaseHeld>("releaseHeld"),
                         InstanceMethod<&CaptureObject::GetCounters>("counters"),
                         InstanceMethod<&CaptureObject::Missing>("missing"),
                         InstanceMethod<&CaptureObject::LoadedPrograms>("loadedPrograms"),
                         InstanceMethod<&CaptureObject::CheckIntegrity>("checkIntegrity"),
                         InstanceMethod<&CaptureObject::ThisThread>("thisThread"),
                         InstanceMethod<&CaptureObject::Finish>("finish"),
                         InstanceMethod<&CaptureObject::LogImages>("logImages"),
                         InstanceMethod<&CaptureObject::TakeImageLog>("takeImageLog"),
                         InstanceMethod<&CaptureObject::KeepJournal>("keepJournal"),
                         InstanceMethod<&CaptureObject::AllImages>("allImages"),
                         InstanceMethod<&CaptureObject::SelectJournal>("selectJournal"),
                         InstanceMethod<&CaptureObject::TakeJournalExtent>("takeJournalExtent"),
                         InstanceMethod<&CaptureObject::CaptureScopesOf>("captureScopes"),
                         InstanceMethod<&CaptureObject::Replay>("replay"),
                         InstanceMethod<&CaptureObject::ReplayBlock>("replayBlock"),
                         InstanceMethod<&CaptureObject::Handle>("handle"),
                         InstanceMethod<&CaptureObject::Close>("close"),
                     });
}

CaptureObject::CaptureObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CaptureObject>(info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) {
    ThrowType(env, "Capture: options are missing");
    return;
  }
  const auto options = info[0].As<Napi::Object>();
  const Napi::Value memory = options.Get("memory");
  const auto bytes = ElementsOf<uint8_t>(memory, napi_uint8_array);
  const auto plan = PlanOf(options.Get("plan"));
  const std::string source = options.Get("source").ToString().Utf8Value();
  if (!bytes || !plan || (source != "bpf" && source != "builder")) {
    ThrowType(env, "Capture: options are memory (Uint8Array), plan, source ('bpf' or 'builder'), object");
    return;
  }
  if (auto failed = CheckPlan(*plan, bytes->size())) {
    Throw(env, *failed);
    return;
  }
  const Napi::Value object = options.Get("object");
  const auto kind = source == "bpf" ? Capture::Kind::kBpf : Capture::Kind::kBuilder;
  BpfOptions bpf{object.IsString() ? object.As<Napi::String>().Utf8Value() : "",
                 options.Get("triesAll").ToBoolean().Value() ? AfterRefusal::kTryOthers : AfterRefusal::kFail,
                 options.Get("hooks").ToString().Utf8Value() == "fexit"};
  auto capture = Capture::Make(*plan, reinterpret_cast<std::byte*>(bytes->data()), kind, std::move(bpf));
  if (!capture) {
    Throw(env, capture.error());
    return;
  }
  capture_ = std::move(*capture);
  memory_ = Napi::Persistent(memory.As<Napi::Object>());
  const std::lock_guard lock(registry().mutex);
  handle_ = ++registry().last_handle;
  registry().captures[handle_] = capture_.get();
}

CaptureObject::~CaptureObject() { CloseCapture(); }

void CaptureObject::CloseCapture() {
  {
    const std::lock_guard lock(registry().mutex);
    registry().captures.erase(handle_);
  }
  capture_.reset();
  memory_.Reset();
}

Capture* CaptureObject::Open(Napi::Env env) {
  if (capture_ == nullptr) Throw(env, {"CAPTURE_CLOSED", "The capture is closed.", ""});
  return capture_.get();
}

BuilderSource* CaptureObject::Builder(Napi::Env env) {
  Capture* const capture = Open(env);
  if (capture == nullptr) return nullptr;
  if (capture->builder() == nullptr) Throw(env, {"CAPTURE_STATE", "Only a builder takes records.", ""});
  return capture->builder();
}

Napi::Value CaptureObject::Load(const Napi::CallbackInfo& info) {
  const auto types = StringsOf(info[0]);
  if (!types) return ThrowType(info.Env(), "load: an array of event type names is needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (auto failed = capture->Load(*types)) return Throw(info.Env(), *failed);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::Start(const Napi::CallbackInfo& info) {
  const auto types = StringsOf(info[0]);
  const auto filter = FilterTablesOf(info[1]);
  if (!types || (!info[1].IsUndefined() && !filter)) {
    return ThrowType(info.Env(), "start: an array of event type names, and tables of a filter or none, are needed");
  }
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (auto failed = capture->Start(*types, filter ? &*filter : nullptr)) return Throw(info.Env(), *failed);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::PrepareFilter(const Napi::CallbackInfo& info) {
  const auto bank = BankOf(info[0]);
  const auto filter = FilterTablesOf(info[1]);
  if (!bank || (!info[1].IsUndefined() && !filter))
    return ThrowType(info.Env(), "prepareFilter: a bank, and tables of a filter or none, are needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (auto failed = capture->selection().PrepareFilter(*bank, filter ? &*filter : nullptr)) {
    return Throw(info.Env(), *failed);
  }
  return info.Env().Undefined();
}

Napi::Value CaptureObject::BeginChange(const Napi::CallbackInfo& info) {
  const auto types = StringsOf(info[0]);
  const auto bank = BankOf(info[1]);
  if (!types || (!info[1].IsUndefined() && !bank))
    return ThrowType(info.Env(), "beginChange: an array of event type names, and a bank or none, are needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (auto failed = capture->selection().BeginChange({*types, bank})) return Throw(info.Env(), *failed);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::BeginLoading(const Napi::CallbackInfo& info) {
  auto types = StringsOf(info[0]);
  if (!types) return ThrowType(info.Env(), "beginLoading: an array of event type names is needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (auto failed = capture->selection().BeginLoading(std::move(*types))) return Throw(info.Env(), *failed);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::IsChanged(const Napi::CallbackInfo& info) {
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  const auto state = capture->selection().TakeChange();
  if (state.failed) return Throw(info.Env(), *state.failed);
  return Napi::Boolean::New(info.Env(), state.done);
}

Napi::Value CaptureObject::Poll(const Napi::CallbackInfo& info) {
  const auto segments = ElementsOf<uint32_t>(info[0], napi_uint32_array);
  if (!segments || segments->size() < 2 || !info[1].IsNumber()) {
    return ThrowType(info.Env(), "poll: a Uint32Array of two elements or more and a timeout are needed");
  }
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  const int64_t timeout = std::max<int64_t>(info[1].As<Napi::Number>().Int64Value(), 0);
  return Napi::Number::New(info.Env(), static_cast<double>(capture->Poll(*segments, timeout)));
}

Napi::Value CaptureObject::HasEnforced(const Napi::CallbackInfo& info) {
  const Capture* const capture = Open(info.Env());
  return capture == nullptr ? info.Env().Undefined() : Napi::Boolean::New(info.Env(), capture->HasEnforced());
}

Napi::Value CaptureObject::Release(const Napi::CallbackInfo& info) {
  if (Capture* const capture = Open(info.Env())) capture->Release();
  return info.Env().Undefined();
}

Napi::Value CaptureObject::Finish(const Napi::CallbackInfo& info) {
  if (Capture* const capture = Open(info.Env())) capture->Finish();
  return info.Env().Undefined();
}

Napi::Value CaptureObject::Handle(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), handle_); }

Napi::Value CaptureObject::Close(const Napi::CallbackInfo& info) {
  CloseCapture();
  return info.Env().Undefined();
}

bool WithCapture(uint32_t handle, const std::function<void(Capture*)>& use) {
  const std::lock_guard lock(registry().mutex);
  const auto found = registry().captures.find(handle);
  if (found == registry().captures.end()) return false;
  use(found->second);
  return true;
}

}  // namespace wasprey
