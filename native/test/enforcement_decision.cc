#include "enforcement_decision.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>

#include "bpf/enforce_decide.h"
#include "javascript.h"

namespace wasprey {
namespace {

/** As in a room of the programs. */
using Room = std::array<uint8_t, ENFORCE_LONGEST_TEXT + 1>;

struct Facts {
  Napi::Object object;

  uint64_t Number(const char* name) const { return NumberIn(object, name).value_or(0); }
  std::optional<std::span<uint8_t>> Text(const char* name) const {
    return ElementsOf<uint8_t>(object.Get(name), napi_uint8_array);
  }
  /** Copies a text to a room; false if it is not known. */
  bool Put(const char* name, Room* room, uint64_t* length) const {
    const auto text = Text(name);
    if (!text || text->size() > ENFORCE_LONGEST_TEXT) return false;
    std::copy(text->begin(), text->end(), room->begin());
    *length = text->size();
    return true;
  }
};

uint64_t TestsOfNames(const enforcement* table, const Facts& facts) {
  Room room{};
  uint64_t length = 0;
  uint64_t tests = 0;
  if (facts.Put("resolved", &room, &length)) tests |= enforce_tests_of(table, room.data(), 0, length, ENFORCE_RESOLVED);
  if (facts.Put("path", &room, &length))
    tests |= enforce_tests_of_path(table, room.data(), length, facts.Number("isDirectory"));
  if (facts.Put("executable", &room, &length))
    tests |= enforce_tests_of(table, room.data(), 0, length, ENFORCE_EXECUTABLE);
  if (facts.Put("name", &room, &length)) tests |= enforce_tests_of(table, room.data(), 0, length, ENFORCE_NAME);
  if (facts.Put("running", &room, &length)) {
    tests |= enforce_tests_of(table, room.data(), 0, length, ENFORCE_RUNNING);
    tests |= enforce_tests_of(table, room.data(), enforce_last_component(room.data(), 0, length), length,
                              ENFORCE_RUNNING_FILE);
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

}  // namespace wasprey
