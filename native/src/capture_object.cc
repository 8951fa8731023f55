// Arguments are checked here: a wrong one is a TypeError, never a crash.

#include "capture_object.h"

#include <cmath>
#include <map>
#include <mutex>

#include "filter_object.h"
#include "javascript.h"
#include "plan.h"

namespace wasprey {
namespace {

/** Captures of all threads by handle, for wake(). Never destroyed: a worker may outlive what exit() destroys. */
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

Napi::Array ArrayOf(Napi::Env env, const std::vector<uint64_t>& numbers) {
  Napi::Array array = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); i++) {
    array.Set(i, Napi::Number::New(env, static_cast<double>(numbers[i])));
  }
  return array;
}

/** Of candidate words. */
std::optional<uint32_t> BankOf(const Napi::Value& value) {
  if (!value.IsNumber()) return std::nullopt;
  const double bank = value.As<Napi::Number>().DoubleValue();
  if (bank < 0 || bank >= IMAGE_CANDIDATE_BANKS || bank != std::floor(bank)) return std::nullopt;
  return static_cast<uint32_t>(bank);
}

std::optional<std::span<uint8_t>> BytesOf(const Napi::CallbackInfo& info, size_t index) {
  return ElementsOf<uint8_t>(info[index], napi_uint8_array);
}

}  // namespace

Napi::Function CaptureObject::Define(Napi::Env env) {
  return DefineClass(env, "Capture",
                     {
                         InstanceMethod<&CaptureObject::Start>("start"),
                         InstanceMethod<&CaptureObject::Attach>("attach"),
                         InstanceMethod<&CaptureObject::SetFilter>("setFilter"),
                         InstanceMethod<&CaptureObject::PrepareFilter>("prepareFilter"),
                         InstanceMethod<&CaptureObject::BeginChange>("beginChange"),
                         InstanceMethod<&CaptureObject::IsChanged>("isChanged"),
                         InstanceMethod<&CaptureObject::Poll>("poll"),
                         InstanceMethod<&CaptureObject::Release>("release"),
                         InstanceMethod<&CaptureObject::TakeImages>("takeImages"),
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
                         InstanceMethod<&CaptureObject::CheckIntegrity>("checkIntegrity"),
                         InstanceMethod<&CaptureObject::ThisThread>("thisThread"),
                         InstanceMethod<&CaptureObject::Inject>("inject"),
                         InstanceMethod<&CaptureObject::InjectImage>("injectImage"),
                         InstanceMethod<&CaptureObject::Finish>("finish"),
                         InstanceMethod<&CaptureObject::LogImages>("logImages"),
                         InstanceMethod<&CaptureObject::TakeImageLog>("takeImageLog"),
                         InstanceMethod<&CaptureObject::Replay>("replay"),
                         InstanceMethod<&CaptureObject::Commit>("commit"),
                         InstanceMethod<&CaptureObject::Wake>("wake"),
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
  auto capture = Capture::Make(*plan, reinterpret_cast<std::byte*>(bytes->data()), kind,
                               object.IsString() ? object.As<Napi::String>().Utf8Value() : "");
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

Napi::Value CaptureObject::SetFilter(const Napi::CallbackInfo& info) {
  const auto filter = FilterTablesOf(info[0]);
  if (!info[0].IsUndefined() && !filter)
    return ThrowType(info.Env(), "setFilter: tables of a filter or none are needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (auto failed = capture->SetFilter(filter ? &*filter : nullptr)) return Throw(info.Env(), *failed);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::Attach(const Napi::CallbackInfo& info) {
  const auto types = StringsOf(info[0]);
  if (!types) return ThrowType(info.Env(), "attach: an array of event type names is needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (auto failed = capture->Attach(*types)) return Throw(info.Env(), *failed);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::PrepareFilter(const Napi::CallbackInfo& info) {
  const auto bank = BankOf(info[0]);
  const auto filter = FilterTablesOf(info[1]);
  if (!bank || (!info[1].IsUndefined() && !filter))
    return ThrowType(info.Env(), "prepareFilter: a bank, and tables of a filter or none, are needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (auto failed = capture->PrepareFilter(*bank, filter ? &*filter : nullptr)) return Throw(info.Env(), *failed);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::BeginChange(const Napi::CallbackInfo& info) {
  const auto types = StringsOf(info[0]);
  const auto bank = BankOf(info[1]);
  if (!types || (!info[1].IsUndefined() && !bank))
    return ThrowType(info.Env(), "beginChange: an array of event type names, and a bank or none, are needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  if (auto failed = capture->BeginChange({*types, bank})) return Throw(info.Env(), *failed);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::IsChanged(const Napi::CallbackInfo& info) {
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  const auto state = capture->TakeChange();
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

Napi::Value CaptureObject::Release(const Napi::CallbackInfo& info) {
  if (Capture* const capture = Open(info.Env())) capture->Release();
  return info.Env().Undefined();
}

Napi::Value CaptureObject::TakeImages(const Napi::CallbackInfo& info) {
  const auto addresses = ElementsOf<uint32_t>(info[0], napi_uint32_array);
  if (!addresses) return ThrowType(info.Env(), "takeImages: a Uint32Array is needed");
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(capture->images().TakeNew(*addresses)));
}

Napi::Value CaptureObject::ListImages(const Napi::CallbackInfo& info) {
  const auto addresses = ElementsOf<uint32_t>(info[1], napi_uint32_array);
  if (!info[0].IsNumber() || !addresses) {
    return ThrowType(info.Env(), "listImages: a number and a Uint32Array are needed");
  }
  Capture* const capture = Open(info.Env());
  if (capture == nullptr) return info.Env().Undefined();
  const size_t listed = capture->images().List(info[0].As<Napi::Number>().Uint32Value(), *addresses);
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
  if (!capture->images().SetCandidates(address, *bank, *words)) {
    return Throw(info.Env(), {"CAPTURE_IMAGE", "There is no process image at " + std::to_string(address) + ".", ""});
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

/** Of those that the kernel has measured. */
Napi::Array RunsOf(Napi::Env env, const std::vector<ProgramRuns>& programs) {
  Napi::Array array = Napi::Array::New(env);
  for (const ProgramRuns& program : programs) {
    if (program.runs == 0) continue;
    Napi::Object runs = Napi::Object::New(env);
    runs.Set("name", Napi::String::New(env, program.name));
    runs.Set("runs", Napi::Number::New(env, static_cast<double>(program.runs)));
    runs.Set("nanoseconds", Napi::Number::New(env, static_cast<double>(program.nanoseconds)));
    array.Set(array.Length(), runs);
  }
  return array;
}

Napi::Value CaptureObject::GetCounters(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Capture* const capture = Open(env);
  if (capture == nullptr) return env.Undefined();
  const Counters counters = capture->Count();
  Napi::Object object = Napi::Object::New(env);
  const auto number = [&](const char* name, auto value) {
    object.Set(name, Napi::Number::New(env, static_cast<double>(value)));
  };
  object.Set("produced", ArrayOf(env, counters.produced));
  object.Set("evaluated", ArrayOf(env, counters.evaluated));
  object.Set("dropped", ArrayOf(env, counters.dropped));
  object.Set("droppedByCpu", ArrayOf(env, counters.dropped_by_cpu));
  object.Set("filtered", ArrayOf(env, counters.filtered));
  number("images", counters.images);
  number("imagesLost", counters.images_lost);
  number("missedRuns", counters.missed_runs);
  number("imagesEvicted", counters.images_evicted);
  number("unknownImages", counters.unknown_images);
  number("containers", counters.containers);
  number("held", counters.held);
  number("malformed", counters.malformed);
  number("ringHighWater", counters.ring_high_water);
  object.Set("programs", RunsOf(env, counters.programs));
  return object;
}

Napi::Value CaptureObject::Inject(const Napi::CallbackInfo& info) {
  const auto record = BytesOf(info, 0);
  if (!record) return ThrowType(info.Env(), "inject: a Uint8Array is needed");
  BuilderSource* const builder = Builder(info.Env());
  if (builder == nullptr) return info.Env().Undefined();
  const bool held = info[1].IsBoolean() && info[1].As<Napi::Boolean>().Value();
  if (auto failed = builder->Inject(record->data(), record->size(), held)) return Throw(info.Env(), *failed);
  return info.Env().Undefined();
}

Napi::Value CaptureObject::InjectImage(const Napi::CallbackInfo& info) {
  const auto record = BytesOf(info, 0);
  if (!record) return ThrowType(info.Env(), "injectImage: a Uint8Array is needed");
  BuilderSource* const builder = Builder(info.Env());
  if (builder != nullptr) builder->InjectImage(record->data(), record->size());
  return info.Env().Undefined();
}

Napi::Value CaptureObject::Finish(const Napi::CallbackInfo& info) {
  if (Capture* const capture = Open(info.Env())) capture->Finish();
  return info.Env().Undefined();
}

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
  if (auto failed = capture->Replay({clock, info[3].As<Napi::Boolean>().Value(), *images, *events})) {
    return Throw(env, *failed);
  }
  return env.Undefined();
}

Napi::Value CaptureObject::Commit(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) return ThrowType(info.Env(), "commit: a CPU number is needed");
  BuilderSource* const builder = Builder(info.Env());
  if (builder == nullptr) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), builder->Commit(info[0].As<Napi::Number>().Uint32Value()));
}

Napi::Value CaptureObject::Wake(const Napi::CallbackInfo& info) {
  if (Capture* const capture = Open(info.Env())) capture->Wake();
  return info.Env().Undefined();
}

Napi::Value CaptureObject::Handle(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), handle_); }

Napi::Value CaptureObject::Close(const Napi::CallbackInfo& info) {
  CloseCapture();
  return info.Env().Undefined();
}

bool WakeByHandle(uint32_t handle) {
  const std::lock_guard lock(registry().mutex);
  const auto found = registry().captures.find(handle);
  if (found == registry().captures.end()) return false;
  found->second->Wake();
  return true;
}

}  // namespace wasprey
