// The counters of a capture, for JavaScript.

#include "addon/capture_object.h"
#include "addon/javascript.h"

namespace wasprey {
namespace {

Napi::Array ArrayOf(Napi::Env env, const std::vector<uint64_t>& numbers) {
  Napi::Array array = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); i++) {
    array.Set(i, Napi::Number::New(env, static_cast<double>(numbers[i])));
  }
  return array;
}

/** Statistics of programs that the kernel has measured. */
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

Napi::Object ObjectOf(Napi::Env env, const EventCounts& counts) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("produced", ArrayOf(env, counts.produced));
  object.Set("evaluated", ArrayOf(env, counts.evaluated));
  object.Set("dropped", ArrayOf(env, counts.dropped));
  object.Set("droppedByCpu", ArrayOf(env, counts.dropped_by_cpu));
  object.Set("filtered", ArrayOf(env, counts.filtered));
  return object;
}

}  // namespace

Napi::Value EventCountsByHandle(Napi::Env env, uint32_t handle) {
  EventCounts counts;
  const bool found = WithCapture(handle, [&](Capture* capture) { counts = capture->CountEvents(); });
  return found ? Napi::Value(ObjectOf(env, counts)) : env.Undefined();
}

Napi::Value CaptureObject::GetCounters(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Capture* const capture = Open(env);
  if (capture == nullptr) return env.Undefined();
  const Counters counters = capture->Count();
  Napi::Object object = ObjectOf(env, counters);
  const auto number = [&](const char* name, auto value) {
    object.Set(name, Napi::Number::New(env, static_cast<double>(value)));
  };
  number("images", counters.images);
  number("imagesLost", counters.images_lost);
  number("missedRuns", counters.missed_runs);
  number("imagesEvicted", counters.images_evicted);
  number("imagesCut", counters.images_cut);
  number("imagesUnnamed", counters.images_unnamed);
  number("unknownImages", counters.unknown_images);
  number("unnamedFiles", counters.unnamed_files);
  number("imagesUnplaced", counters.images_unplaced);
  number("containers", counters.containers);
  number("containersLost", counters.containers_lost);
  number("imagesInForgedCgroups", counters.images_in_forged_cgroups);
  number("held", counters.held);
  number("malformed", counters.malformed);
  number("ringHighWater", counters.ring_high_water);
  object.Set("programs", RunsOf(env, counters.programs));
  return object;
}

}  // namespace wasprey
