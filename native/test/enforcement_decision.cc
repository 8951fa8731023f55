#include "enforcement_decision.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "addon/javascript.h"
#include "bpf/enforce/enforce_decide.h"

namespace wasprey {
namespace {

struct Facts {
  Napi::Object object;

  uint64_t Number(const char* name) const { return NumberIn(object, name).value_or(0); }
  std::optional<std::string_view> Text(const char* name) const {
    const auto bytes = ElementsOf<uint8_t>(object.Get(name), napi_uint8_array);
    if (!bytes) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }
};

uint64_t TestsOf(const enforcement* table, std::string_view name, uint32_t number) {
  enforce_text text{};
  enforce_begin_text(&text, table, number);
  std::for_each(name.rbegin(), name.rend(), [&](char byte) { enforce_read_byte(&text, static_cast<uint8_t>(byte)); });
  return enforce_tests_of_text(&text);
}

std::string_view DirectoryOf(std::string_view path) { return path.substr(0, std::max<size_t>(path.rfind('/'), 1)); }

uint64_t TestsOfNames(const enforcement* table, const Facts& facts) {
  uint64_t tests = 0;
  if (const auto name = facts.Text("resolved")) tests |= TestsOf(table, *name, ENFORCE_RESOLVED);
  if (const auto name = facts.Text("path")) {
    tests |= TestsOf(table, *name, ENFORCE_PATH);
    tests |= TestsOf(table, facts.Number("isDirectory") != 0 ? *name : DirectoryOf(*name), ENFORCE_DIRECTORY);
  }
  if (const auto name = facts.Text("executable")) tests |= TestsOf(table, *name, ENFORCE_EXECUTABLE);
  if (const auto name = facts.Text("name")) tests |= TestsOf(table, *name, ENFORCE_NAME);
  if (const auto name = facts.Text("running")) {
    tests |= TestsOf(table, *name, ENFORCE_RUNNING);
    tests |= TestsOf(table, name->substr(name->rfind('/') + 1), ENFORCE_RUNNING_FILE);
  }
  return tests;
}

uint64_t TestsOfPeer(const enforcement* table, const Facts& facts) {
  const auto address = facts.Text("peer");
  if (!address || address->size() != 16) return 0;
  enforce_peer peer{};
  peer.table = table;
  memcpy(peer.address, address->data(), sizeof peer.address);
  peer.port = facts.Number("port");
  peer.is_ipv4 = facts.Number("isIpv4");
  return enforce_tests_of_peer(&peer);
}

}  // namespace

Napi::Value EnforcedClauses(const Napi::CallbackInfo& info) {
  const auto tables = BytesOf(info, 0);
  if (!tables || tables->size() != offsetof(enforcement, processes) || !info[1].IsObject())
    return ThrowType(info.Env(), "enforcedClauses: tables and facts are needed");
  const auto table = std::make_unique<enforcement>();
  memcpy(table.get(), tables->data(), tables->size());
  const Facts facts{info[1].As<Napi::Object>()};
  bool lossless = false;
  enforce_facts decided{};
  decided.table = table.get();
  decided.clauses =
      enforce_clauses_of(table.get(), facts.Number("type"), facts.Number("failed")) &
      table->opens[facts.Number("combination") % ENFORCE_OPEN_COMBINATIONS] &
      table->sockets[facts.Number("socket") % ENFORCE_SOCKET_KINDS] &
      enforce_clauses_of_process(table.get(), facts.Number("where"),
                                 facts.object.Get("candidates").As<Napi::BigInt>().Uint64Value(&lossless));
  decided.names = TestsOfNames(table.get(), facts);
  decided.peers = TestsOfPeer(table.get(), facts);
  const uint64_t is_protected = decided.names & (ENFORCE_PROTECTED | ENFORCE_RUNTIME);
  return Napi::BigInt::New(info.Env(), uint64_t{enforce_met(&decided) | is_protected});
}

Napi::Value NextWindow(const Napi::CallbackInfo& info) {
  bool lossless = false;
  const auto number = [&](size_t index) { return static_cast<uint64_t>(info[index].As<Napi::Number>().Int64Value()); };
  const enforce_limit limit = {.count = number(1), .seconds = number(2)};
  return Napi::BigInt::New(
      info.Env(), uint64_t{enforce_next_window(info[0].As<Napi::BigInt>().Uint64Value(&lossless), &limit, number(3))});
}

Napi::Value IsOfMachine(const Napi::CallbackInfo& info) {
  const auto number = [&](size_t index) { return static_cast<uint64_t>(info[index].As<Napi::Number>().Int64Value()); };
  return Napi::Boolean::New(info.Env(), enforce_is_of_machine(number(0), number(1)) != 0);
}

}  // namespace wasprey
