#include "images/users.h"

#include <optional>

namespace wasprey {
namespace {

std::optional<NameLine> Find(const SharedNameTable& table, uint32_t number) {
  return table == nullptr ? std::nullopt : table->Find(number);
}

std::string_view NameOf(const std::optional<NameLine>& line, uint32_t number) {
  if (line) return line->name;
  return number == 0 ? std::string_view("root") : kNoName;
}

}  // namespace

Users::Names Users::Lookup(uint32_t container, uint32_t pid, uint32_t uid, uint32_t gid, uint32_t login_uid) {
  const NameFiles& files = container == 0 ? databases_.OfHost() : databases_.OfContainer(container, RootOf(pid));
  const bool logged_in = login_uid != 0xffffffff;
  const auto user = Find(files.passwd, uid);
  return {.user = NameOf(user, uid),
          .group = NameOf(Find(files.group, gid), gid),
          .login = logged_in ? NameOf(Find(files.passwd, login_uid), login_uid) : kNoName,
          .home = user ? user->home : OptionalText{},
          .shell = user ? user->shell : OptionalText{}};
}

}  // namespace wasprey
