// What the addon exports: plan(), Capture, wake(), and pure functions that unit tests hold against tables.

#include <napi.h>

#include "bpf_error.h"
#include "bpf_stats.h"
#include "capture_object.h"
#include "container_id.h"
#include "event_types.h"
#include "io_uring_operations.h"
#include "javascript.h"
#include "lexical_path.h"
#include "name_files.h"
#include "plan.h"
#include "resident_memory.h"
#include "signal_mask.h"
#include "unix_datagram.h"
#include "users.h"

namespace wasprey {
namespace {

Napi::Value MakePlanObject(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) return ThrowType(env, "plan: sizes are missing");
  const auto object = info[0].As<Napi::Object>();
  const auto rings = NumberIn(object, "ringBudget");
  const auto images = NumberIn(object, "imageBudget");
  const auto containers = NumberIn(object, "containerBudget");
  if (!rings || !images || !containers) {
    return ThrowType(env, "plan: ringBudget, imageBudget and containerBudget are needed");
  }
  const auto hold = NumberIn(object, "holdBudget");
  const auto cpus = NumberIn(object, "cpus");
  auto plan = MakePlan(
      {*rings, *images, *containers, hold.value_or(kHoldBytes), cpus ? static_cast<uint32_t>(*cpus) : PossibleCpus()});
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

Napi::Value WakeCapture(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) return ThrowType(info.Env(), "wake: a handle is needed");
  return Napi::Boolean::New(info.Env(), WakeByHandle(info[0].As<Napi::Number>().Uint32Value()));
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

/** (cgroup: string) -> {type, fullId, id} | undefined */
Napi::Value ContainerIdOfCgroup(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) return ThrowType(env, "containerIdOf: a cgroup path is needed");
  const std::string cgroup = info[0].As<Napi::String>().Utf8Value();
  const auto found = ContainerIdOf(cgroup);
  if (!found) return env.Undefined();
  const auto text = [&](std::string_view view) { return Napi::String::New(env, view.data(), view.size()); };
  Napi::Object result = Napi::Object::New(env);
  result.Set("type", text(found->type));
  result.Set("fullId", text(found->full_id));
  result.Set("id", text(ShortContainerId(found->full_id)));
  return result;
}

/** (directory: Uint8Array, path: Uint8Array) -> {clean, path: Uint8Array} */
Napi::Value LexicalPathOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto directory = ElementsOf<char>(info[0], napi_uint8_array);
  const auto path = ElementsOf<char>(info[1], napi_uint8_array);
  if (!directory || !path) return ThrowType(env, "lexicalPath: two Uint8Arrays are needed");
  const std::string_view base(directory->data(), directory->size());
  const std::string_view raw(path->data(), path->size());
  std::string out(MaxLexicalLength(base, raw), '\0');
  const size_t length = LexicalPath(out.data(), base, raw);
  Napi::Object result = Napi::Object::New(env);
  result.Set("clean", Napi::Boolean::New(env, IsCleanAbsolute(raw)));
  result.Set("path", Napi::Buffer<char>::Copy(env, out.data(), length));
  return result;
}

Napi::Object NamesObject(Napi::Env env, std::string_view file) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [number, name] : ParseNames(file)) object.Set(number, Napi::String::New(env, name));
  return object;
}

/** (root: string) -> {users, groups} | undefined: name files below a root that is not trusted, as a container's. */
Napi::Value NamesBelow(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) return ThrowType(env, "namesBelow: a directory is needed");
  NameFiles files;
  if (!ReadNameFiles(info[0].As<Napi::String>().Utf8Value(), false, {}, {}, &files)) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  result.Set("users", NamesObject(env, files.passwd.text));
  result.Set("groups", NamesObject(env, files.group.text));
  return result;
}

/** (path: string) -> descriptor: the caller's to close. */
Napi::Value ConnectDatagramSocket(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) return ThrowType(env, "connectUnixDatagram: a path is needed");
  auto fd = ConnectUnixDatagram(info[0].As<Napi::String>().Utf8Value());
  if (!fd) return Throw(env, fd.error());
  return Napi::Number::New(env, fd->release());
}

/** () -> descriptor: the caller's to close. */
Napi::Value MeasurePrograms(const Napi::CallbackInfo& info) {
  auto fd = MeasureBpfPrograms();
  if (!fd) return Throw(info.Env(), fd.error());
  return Napi::Number::New(info.Env(), fd->release());
}

/** () -> names, or undefined where the kernel can't be asked. */
Napi::Value LackingIoUringOperations(const Napi::CallbackInfo& info) {
  const auto missing = MissingIoUringOperations();
  return missing ? Napi::Value(ArrayOfStrings(info.Env(), *missing)) : info.Env().Undefined();
}

/** (log: string) -> string */
Napi::Value VerdictOfLog(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) return ThrowType(info.Env(), "verdictOf: a log is needed");
  return Napi::String::New(info.Env(), VerdictOf(info[0].As<Napi::String>().Utf8Value()));
}

/** () -> [name, number, fixed size][]: the addon's idea of the event types. */
Napi::Value EventTypes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array result = Napi::Array::New(env);
  for (const EventType& type : kEventTypes) {
    Napi::Array row = Napi::Array::New(env, 3);
    row.Set(0u, Napi::String::New(env, type.name.data(), type.name.size()));
    row.Set(1u, Napi::Number::New(env, type.number));
    row.Set(2u, Napi::Number::New(env, FixedSize(type.shape)));
    result.Set(result.Length(), row);
  }
  return result;
}

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  exports.Set("plan", Napi::Function::New<MakePlanObject>(env, "plan"));
  exports.Set("wake", Napi::Function::New<WakeCapture>(env, "wake"));
  exports.Set("releaseMemory", Napi::Function::New<ReleaseUnusedMemory>(env, "releaseMemory"));
  exports.Set("unblockSignal", Napi::Function::New<UnblockSignalNumber>(env, "unblockSignal"));
  exports.Set("containerIdOf", Napi::Function::New<ContainerIdOfCgroup>(env, "containerIdOf"));
  exports.Set("lexicalPath", Napi::Function::New<LexicalPathOf>(env, "lexicalPath"));
  exports.Set("namesBelow", Napi::Function::New<NamesBelow>(env, "namesBelow"));
  exports.Set("connectUnixDatagram", Napi::Function::New<ConnectDatagramSocket>(env, "connectUnixDatagram"));
  exports.Set("measurePrograms", Napi::Function::New<MeasurePrograms>(env, "measurePrograms"));
  exports.Set("missingIoUringOperations",
              Napi::Function::New<LackingIoUringOperations>(env, "missingIoUringOperations"));
  exports.Set("verdictOf", Napi::Function::New<VerdictOfLog>(env, "verdictOf"));
  exports.Set("eventTypes", Napi::Function::New<EventTypes>(env, "eventTypes"));
  exports.Set("Capture", CaptureObject::Define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(wasprey, Initialise)

}  // namespace wasprey
