// The addon of tests: that of users, pure functions of the capture core, which unit tests hold against tables, and what
// puts records into builders.

#include "addon/addon.h"

#include <bpf/btf.h>
#include <napi.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "addon/javascript.h"
#include "completing/lexical_path.h"
#include "enforced_places.h"
#include "enforcement_decision.h"
#include "images/container_id.h"
#include "injection.h"
#include "loading/attachment.h"
#include "loading/bpf_error.h"
#include "loading/call_functions.h"
#include "name_lookups.h"

namespace wasprey {
namespace {

/** (cgroup: string) -> {type, fullId, id} | undefined */
Napi::Value ContainerIdOfCgroup(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) return ThrowType(env, "containerIdOf: a cgroup path is needed");
  const std::string cgroup = info[0].As<Napi::String>().Utf8Value();
  const auto found = ContainerIdOf(cgroup);
  if (!found) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  result.Set("type", TextOf(env, found->type));
  result.Set("fullId", TextOf(env, found->full_id));
  result.Set("id", TextOf(env, ShortContainerId(found->full_id)));
  return result;
}

/** (cgroup: string) -> string */
Napi::Value OutermostContainerOfCgroup(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) return ThrowType(info.Env(), "outermostContainerOf: a cgroup path is needed");
  return TextOf(info.Env(), OutermostContainerOf(info[0].As<Napi::String>().Utf8Value()));
}

/** () -> {found: {name, native, compat}[], hidden: string[]} | undefined */
Napi::Value CallFunctionsHere(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::unique_ptr<btf, void (*)(btf*)> types(btf__load_vmlinux_btf(), btf__free);
  if (!types) return env.Undefined();
  const CallFunctions functions = FindCallFunctions(types.get());
  Napi::Array found = Napi::Array::New(env);
  for (const CallFunction& function : functions.found) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("name", function.name);
    one.Set("native", function.native);
    one.Set("compat", function.compat);
    found.Set(found.Length(), one);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("found", found);
  result.Set("hidden", ArrayOfStrings(env, functions.hidden));
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

/** (log: string) -> string */
Napi::Value VerdictOfLog(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) return ThrowType(info.Env(), "verdictOf: a log is needed");
  return Napi::String::New(info.Env(), VerdictOf(info[0].As<Napi::String>().Utf8Value()));
}

/** (path: string) -> the number of the trace event, or the name of the error */
Napi::Value TraceEventNumberIn(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) return ThrowType(env, "traceEventNumber: a path is needed");
  const uint64_t number = TraceEventNumber(info[0].As<Napi::String>().Utf8Value());
  if (number == 0) return TextOf(env, strerrorname_np(errno));
  return Napi::Number::New(env, static_cast<double>(number));
}

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  ExportAddon(env, exports);
  exports.Set("callFunctions", Napi::Function::New<CallFunctionsHere>(env, "callFunctions"));
  exports.Set("containerIdOf", Napi::Function::New<ContainerIdOfCgroup>(env, "containerIdOf"));
  exports.Set("emptyPlaces", Napi::Function::New<EmptyPlaces>(env, "emptyPlaces"));
  exports.Set("fillPlaces", Napi::Function::New<FillPlaces>(env, "fillPlaces"));
  exports.Set("enforcedPlaces", Napi::Function::New<EnforcedPlacesAfter>(env, "enforcedPlaces"));
  exports.Set("enforcedClauses", Napi::Function::New<EnforcedClauses>(env, "enforcedClauses"));
  exports.Set("injectEvent", Napi::Function::New<InjectEvent>(env, "injectEvent"));
  exports.Set("injectImage", Napi::Function::New<InjectImage>(env, "injectImage"));
  exports.Set("isOfMachine", Napi::Function::New<IsOfMachine>(env, "isOfMachine"));
  exports.Set("nextWindow", Napi::Function::New<NextWindow>(env, "nextWindow"));
  exports.Set("lexicalPath", Napi::Function::New<LexicalPathOf>(env, "lexicalPath"));
  exports.Set("lookUpNames", Napi::Function::New<LookUpNames>(env, "lookUpNames"));
  exports.Set("namesBelow", Napi::Function::New<NamesBelow>(env, "namesBelow"));
  exports.Set("outermostContainerOf", Napi::Function::New<OutermostContainerOfCgroup>(env, "outermostContainerOf"));
  exports.Set("traceEventNumber", Napi::Function::New<TraceEventNumberIn>(env, "traceEventNumber"));
  exports.Set("timeLeft", Napi::Function::New<TimeLeft>(env, "timeLeft"));
  exports.Set("usersOf", Napi::Function::New<UsersOfPasswd>(env, "usersOf"));
  exports.Set("verdictOf", Napi::Function::New<VerdictOfLog>(env, "verdictOf"));
  return exports;
}

}  // namespace

NODE_API_MODULE(wasprey_test, Initialise)

}  // namespace wasprey
