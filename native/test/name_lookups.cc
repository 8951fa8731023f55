#include "name_lookups.h"

#include <chrono>
#include <memory>
#include <string>

#include "addon/javascript.h"
#include "images/name_databases.h"
#include "images/name_files.h"
#include "images/name_table.h"
#include "system/time_share.h"

namespace wasprey {
namespace {

/** Tests are about what is read, on machines that may be busy. */
constexpr std::chrono::seconds kPatience(10);

/** Calls `found` with each line that counts; a table may be null. */
template <typename Found>
void ForEachLine(const NameTable* table, Found found) {
  if (table == nullptr) return;
  for (const NameTable::Line& line : table->lines()) found(line.number, *table->Find(line.number));
}

Napi::Object NamesIn(Napi::Env env, const NameTable* table) {
  Napi::Object object = Napi::Object::New(env);
  ForEachLine(table, [&](uint32_t number, const NameLine& line) { object.Set(number, TextOf(env, line.name)); });
  return object;
}

NameLimits LimitsOf(const Napi::Object& object) {
  NameLimits limits;
  limits.patience = kPatience;
  limits.bytes = NumberIn(object, "bytes").value_or(limits.bytes);
  limits.bytes_of_container = NumberIn(object, "bytesOfContainer").value_or(limits.bytes_of_container);
  limits.roots_of_container = NumberIn(object, "rootsOfContainer").value_or(limits.roots_of_container);
  limits.most_ns = NumberIn(object, "mostNs").value_or(limits.most_ns);
  limits.most_ns_of_container = NumberIn(object, "mostNsOfContainer").value_or(limits.most_ns_of_container);
  return limits;
}

}  // namespace

Napi::Value UsersOfPasswd(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) return ThrowType(env, "usersOf: the text of a passwd file is needed");
  const NameTable table({}, info[0].As<Napi::String>().Utf8Value());
  Napi::Object result = Napi::Object::New(env);
  ForEachLine(&table, [&](uint32_t number, const NameLine& line) {
    Napi::Object user = Napi::Object::New(env);
    user.Set("name", TextOf(env, line.name));
    if (line.home.present) user.Set("home", TextOf(env, line.home.text));
    if (line.shell.present) user.Set("shell", TextOf(env, line.shell.text));
    result.Set(number, user);
  });
  return result;
}

Napi::Value NamesBelow(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) return ThrowType(env, "namesBelow: a directory is needed");
  const auto files = ReadNameFiles(info[0].As<Napi::String>().Utf8Value(), {}, kPatience);
  if (!files) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  result.Set("users", NamesIn(env, files->passwd.get()));
  result.Set("groups", NamesIn(env, files->group.get()));
  return result;
}

Napi::Value LookUpNames(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArray() || !info[1].IsObject()) return ThrowType(env, "lookUpNames: steps and limits are needed");
  NameDatabases databases(LimitsOf(info[1].As<Napi::Object>()));
  const auto steps = info[0].As<Napi::Array>();
  Napi::Array names = Napi::Array::New(env);
  for (uint32_t i = 0; i < steps.Length(); i++) {
    const auto step = steps.Get(i).As<Napi::Array>();
    const uint32_t container = step.Get(1U).ToNumber().Uint32Value();
    if (step.Get(0U).ToString().Utf8Value() == "forget") {
      databases.Forget(container);
      continue;
    }
    const NameFiles& files = databases.OfContainer(container, step.Get(2U).ToString().Utf8Value());
    const uint32_t uid = step.Get(3U).ToNumber().Uint32Value();
    const auto user = files.passwd == nullptr ? std::nullopt : files.passwd->Find(uid);
    names.Set(names.Length(), TextOf(env, user ? user->name : ""));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("names", names);
  result.Set("bytes", static_cast<double>(databases.bytes()));
  result.Set("roots", static_cast<double>(databases.roots()));
  result.Set("unread", static_cast<double>(databases.unread()));
  return result;
}

Napi::Value TimeLeft(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[2].IsArray()) return ThrowType(env, "timeLeft: parts, a most, and steps are needed");
  TimeShare share(info[0].ToNumber().Uint32Value(), static_cast<uint64_t>(info[1].ToNumber().Int64Value()));
  const auto steps = info[2].As<Napi::Array>();
  Napi::Array left = Napi::Array::New(env);
  for (uint32_t i = 0; i < steps.Length(); i++) {
    const auto step = steps.Get(i).As<Napi::Array>();
    const auto ns = static_cast<uint64_t>(step.Get(1U).ToNumber().Int64Value());
    if (step.Get(0U).ToString().Utf8Value() == "spend") {
      share.Spend(ns);
    } else {
      left.Set(left.Length(), static_cast<double>(share.LeftAt(ns)));
    }
  }
  return left;
}

}  // namespace wasprey
