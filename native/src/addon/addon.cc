// The addon's exports.

#include "addon/addon.h"

#include <cstring>
#include <utility>
#include <vector>

#include "addon/capture_object.h"
#include "addon/javascript.h"
#include "enforcement/isolation.h"
#include "images/container_id.h"
#include "journal/unpack.h"
#include "loading/bpf_error.h"
#include "loading/bpf_lsm.h"
#include "loading/bpf_stats.h"
#include "loading/call_exits.h"
#include "loading/direct_reads.h"
#include "loading/io_uring_operations.h"
#include "source/plan.h"
#include "system/exit_bound.h"
#include "system/lock_file.h"
#include "system/process_handle.h"
#include "system/resident_memory.h"
#include "system/signal_mask.h"
#include "system/unix_datagram.h"

namespace wasprey {
namespace {

Napi::Value MakePlanObject(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) return ThrowType(env, "plan: sizes are missing");
  const auto object = info[0].As<Napi::Object>();
  const auto rings = NumberIn(object, "ringBudget");
  const auto images = NumberIn(object, "imageBudget");
  const auto containers = NumberIn(object, "containerBudget");
  if (!images || !containers) {
    return ThrowType(env, "plan: imageBudget and containerBudget are needed");
  }
  const auto hold = NumberIn(object, "holdBudget");
  const auto cpus = NumberIn(object, "cpus");
  auto plan = MakePlan({rings.value_or(0), *images, *containers, hold.value_or(kHoldBytes),
                        cpus ? static_cast<uint32_t>(*cpus) : PossibleCpus()});
  if (!plan) return Throw(env, plan.error());
  Napi::Object result = Napi::Object::New(env);
  const auto set = [&](const char* name, uint64_t value) {
    result.Set(name, Napi::Number::New(env, static_cast<double>(value)));
  };
  set("cpus", plan->cpus);
  set("ringSize", plan->ring_size);
  set("ringStride", plan->ring_stride);
  set("ringsAddress", plan->rings_address);
  set("imagesAddress", plan->images_address);
  set("containersAddress", plan->containers_address);
  set("holdAddress", plan->hold_address);
  set("scratchAddress", plan->scratch_address);
  set("memoryBytes", plan->memory_bytes);
  return result;
}

Napi::Value CountEventsOfCapture(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) return ThrowType(info.Env(), "eventCounts: a handle is needed");
  return EventCountsByHandle(info.Env(), info[0].As<Napi::Number>().Uint32Value());
}

/** (handle: number, pidfd: number) -> ns since the epoch, or undefined. */
Napi::Value ExecTimeOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsNumber() || !info[1].IsNumber()) return ThrowType(env, "execTime: a handle and a pidfd are needed");
  std::optional<uint64_t> time;
  const int pidfd = info[1].As<Napi::Number>().Int32Value();
  WithCapture(info[0].As<Napi::Number>().Uint32Value(), [&](Capture* capture) { time = capture->ExecTime(pidfd); });
  return time ? Napi::Value(Napi::BigInt::New(env, *time)) : env.Undefined();
}

/** (pid: number) -> pidfd: the caller's to close. Undefined: no such process. */
Napi::Value OpenProcessOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsNumber()) return ThrowType(env, "openProcess: a pid is needed");
  auto fd = OpenProcess(info[0].As<Napi::Number>().Int32Value());
  if (!fd) return Throw(env, fd.error());
  return *fd ? Napi::Value(Napi::Number::New(env, fd->release())) : env.Undefined();
}

/** (pidfd: number, signal: number) -> false: it has ended. */
Napi::Value SignalProcessOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsNumber() || !info[1].IsNumber())
    return ThrowType(env, "signalProcess: a pidfd and a signal are needed");
  auto sent = SignalProcess(info[0].As<Napi::Number>().Int32Value(), info[1].As<Napi::Number>().Int32Value());
  if (!sent) return Throw(env, sent.error());
  return Napi::Boolean::New(env, *sent);
}

/** (fd: number) -> false: another process holds the lock. */
Napi::Value LockFileOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsNumber()) return ThrowType(env, "lockFile: a descriptor is needed");
  auto locked = LockFile(info[0].As<Napi::Number>().Int32Value());
  if (!locked) return Throw(env, locked.error());
  return Napi::Boolean::New(env, *locked);
}

Napi::Value ReleaseUnusedMemory(const Napi::CallbackInfo& info) {
  ReleaseMemory();
  return info.Env().Undefined();
}

/** (signal: number) */
Napi::Value UnblockSignalNumber(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsNumber() || !UnblockSignal(info[0].As<Napi::Number>().Int32Value())) {
    return ThrowType(env, "unblockSignal: the number of a signal is needed");
  }
  return env.Undefined();
}

/** (milliseconds: number, status: number) */
Napi::Value EndProcessWithin(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsNumber() || !info[1].IsNumber()) return ThrowType(env, "endWithin: a time and a status are needed");
  EndWithin(std::chrono::milliseconds(info[0].As<Napi::Number>().Uint32Value()),
            info[1].As<Napi::Number>().Int32Value());
  return env.Undefined();
}

/** (path: string) -> descriptor: the caller's to close. */
Napi::Value ConnectDatagramSocket(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) return ThrowType(env, "connectUnixDatagram: a path is needed");
  auto fd = ConnectUnixDatagram(info[0].As<Napi::String>().Utf8Value());
  if (!fd) return Throw(env, fd.error());
  return Napi::Number::New(env, fd->release());
}

/** (frame: Uint8Array, into: Uint8Array) -> length, or undefined if it is invalid. */
Napi::Value UnpackFrame(const Napi::CallbackInfo& info) {
  const auto frame = BytesOf(info, 0);
  const auto into = BytesOf(info, 1);
  if (!frame || !into) return ThrowType(info.Env(), "unpack: two Uint8Arrays are needed");
  const auto length = Unpack(*frame, *into);
  return length ? Napi::Value(Napi::Number::New(info.Env(), static_cast<double>(*length))) : info.Env().Undefined();
}

/** () -> descriptor: the caller's to close. */
Napi::Value MeasurePrograms(const Napi::CallbackInfo& info) {
  auto fd = MeasureBpfPrograms();
  if (!fd) return Throw(info.Env(), fd.error());
  return Napi::Number::New(info.Env(), fd->release());
}

/** Isolates on a thread of Node's pool: the verifier takes long. */
class Isolating : public Napi::AsyncWorker {
 public:
  Isolating(Napi::Env env, IsolationRequest request, std::vector<reachable_network> reachable)
      : Napi::AsyncWorker(env), done_(env), request_(std::move(request)), reachable_(std::move(reachable)) {
    request_.reachable = reachable_;
  }

  Napi::Promise promise() const { return done_.Promise(); }

  void Execute() override { failed_ = IsolateCgroup(request_); }

  void OnOK() override {
    if (failed_) {
      done_.Reject(ErrorOf(Env(), *failed_).Value());
    } else {
      done_.Resolve(Env().Undefined());
    }
  }

 private:
  Napi::Promise::Deferred done_;
  IsolationRequest request_;
  std::vector<reachable_network> reachable_;
  Status failed_;
};

/** (object: string, cgroup: string, folder: string, reachable: Uint8Array of reachable_network) -> a promise */
Napi::Value IsolateCgroupAt(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = BytesOf(info, 3);
  if (!info[0].IsString() || !info[1].IsString() || !info[2].IsString() || !bytes ||
      bytes->size() % sizeof(reachable_network) != 0 || bytes->size() / sizeof(reachable_network) > REACHABLE_MOST) {
    return ThrowType(env, "isolateCgroup: three paths and a list of networks are needed");
  }
  std::vector<reachable_network> reachable(bytes->size() / sizeof(reachable_network));
  if (!reachable.empty()) memcpy(reachable.data(), bytes->data(), bytes->size());
  const auto text = [&](size_t index) { return info[index].As<Napi::String>().Utf8Value(); };
  // It deletes itself when it is done.
  auto* const isolating = new Isolating(env, {text(0), text(1), text(2), {}}, std::move(reachable));
  const Napi::Promise promise = isolating->promise();
  isolating->Queue();
  return promise;
}

/** () -> string | undefined: see lackOfFexit() in host/capture/native.ts */
Napi::Value WhyNoFexit(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto functions = FunctionsForExits();
  if (functions) return env.Undefined();
  return Napi::String::New(env, functions.error().message);
}

/** () -> names, or undefined if the kernel can't be asked. */
Napi::Value LackingIoUringOperations(const Napi::CallbackInfo& info) {
  const auto missing = MissingIoUringOperations();
  return missing ? Napi::Value(ArrayOfStrings(info.Env(), *missing)) : info.Env().Undefined();
}

/** () -> whether programs read kernel memory without probes. */
Napi::Value CanReadDirectly(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), HasDirectReads()); }

/** () -> [cause, text] of why the kernel runs no programs of BPF LSM; undefined: it does. */
Napi::Value WhyNoBpfLsm(const Napi::CallbackInfo& info) {
  const auto lack = LackOfBpfLsm();
  if (!lack) return info.Env().Undefined();
  return ArrayOfStrings(info.Env(), std::vector<std::string_view>{lack->cause, lack->text});
}

/** (cgroup: string) -> [type, full id], or undefined on the host. */
Napi::Value ContainerOfCgroup(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) return ThrowType(env, "containerOf: a path is needed");
  const std::string cgroup = info[0].As<Napi::String>().Utf8Value();
  const auto id = ContainerIdOf(cgroup);
  if (!id || id->full_id.empty()) return env.Undefined();
  return ArrayOfStrings(env, std::vector<std::string_view>{id->type, id->full_id});
}

}  // namespace

Napi::Object ExportAddon(Napi::Env env, Napi::Object exports) {
  BoundArenas();
  exports.Set("plan", Napi::Function::New<MakePlanObject>(env, "plan"));
  exports.Set("eventCounts", Napi::Function::New<CountEventsOfCapture>(env, "eventCounts"));
  exports.Set("execTime", Napi::Function::New<ExecTimeOf>(env, "execTime"));
  exports.Set("openProcess", Napi::Function::New<OpenProcessOf>(env, "openProcess"));
  exports.Set("signalProcess", Napi::Function::New<SignalProcessOf>(env, "signalProcess"));
  exports.Set("lockFile", Napi::Function::New<LockFileOf>(env, "lockFile"));
  exports.Set("releaseMemory", Napi::Function::New<ReleaseUnusedMemory>(env, "releaseMemory"));
  exports.Set("unblockSignal", Napi::Function::New<UnblockSignalNumber>(env, "unblockSignal"));
  exports.Set("endWithin", Napi::Function::New<EndProcessWithin>(env, "endWithin"));
  exports.Set("connectUnixDatagram", Napi::Function::New<ConnectDatagramSocket>(env, "connectUnixDatagram"));
  exports.Set("measurePrograms", Napi::Function::New<MeasurePrograms>(env, "measurePrograms"));
  exports.Set("isolateCgroup", Napi::Function::New<IsolateCgroupAt>(env, "isolateCgroup"));
  exports.Set("containerOf", Napi::Function::New<ContainerOfCgroup>(env, "containerOf"));
  exports.Set("lackOfBpfLsm", Napi::Function::New<WhyNoBpfLsm>(env, "lackOfBpfLsm"));
  exports.Set("lackOfFexit", Napi::Function::New<WhyNoFexit>(env, "lackOfFexit"));
  exports.Set("missingIoUringOperations",
              Napi::Function::New<LackingIoUringOperations>(env, "missingIoUringOperations"));
  exports.Set("hasDirectReads", Napi::Function::New<CanReadDirectly>(env, "hasDirectReads"));
  if (CanUnpack()) exports.Set("unpack", Napi::Function::New<UnpackFrame>(env, "unpack"));
  exports.Set("checkBlock", Napi::Function::New<CheckBlockOf>(env, "checkBlock"));
  exports.Set("arrangeBlock", Napi::Function::New<ArrangeBlockOf>(env, "arrangeBlock"));
  exports.Set("restoreBlock", Napi::Function::New<RestoreBlockOf>(env, "restoreBlock"));
  exports.Set("Capture", CaptureObject::Define(env));
  return exports;
}

}  // namespace wasprey
