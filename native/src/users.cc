// One database per container: both maps, and when its files were last checked.

#include "users.h"

#include <algorithm>
#include <charconv>

namespace wasprey {
namespace {

/** More roots than containers usually are on a node; a container that changes its root again and again gains nothing.
 */
constexpr size_t kMostDatabases = 4096;

constexpr auto kRecheck = std::chrono::seconds(2);

using Clock = std::chrono::steady_clock;

void Update(const NameFile& file, FileStamp* stamp, NamesById* names) {
  if (file.unchanged) return;
  *stamp = file.stamp;
  *names = ParseNames(file.text);
}

std::string_view NameOf(const NamesById& names, uint32_t number) {
  const auto found = names.find(number);
  if (found != names.end()) return found->second;
  return number == 0 ? std::string_view("root") : kNoName;
}

}  // namespace

NamesById ParseNames(std::string_view file) {
  NamesById names;
  while (!file.empty()) {
    const size_t newline = std::min(file.find('\n'), file.size());
    const std::string_view line = file.substr(0, newline);
    file.remove_prefix(std::min(newline + 1, file.size()));
    const size_t name_end = line.find(':');
    if (name_end == std::string_view::npos || name_end == 0) continue;
    const size_t password_end = line.find(':', name_end + 1);
    if (password_end == std::string_view::npos) continue;
    const char* number = line.data() + password_end + 1;
    const char* end = line.data() + line.size();
    uint32_t id = 0;
    const auto [stop, error] = std::from_chars(number, end, id);
    if (error != std::errc() || stop == end || *stop != ':') continue;
    // 256 bytes are what useradd lets a name have.
    names.emplace(id, line.substr(0, std::min<size_t>(name_end, 256)));
  }
  return names;
}

const Users::Database& Users::Fresh(uint32_t container, uint32_t pid) {
  const bool is_host = container == 0;
  const std::string root = RootOf(is_host ? 0 : pid);
  RootId& last_root = last_roots_[container];
  const auto id = is_host ? RootId{} : RootIdOf(root).value_or(last_root);
  last_root = id;
  if (databases_.size() > kMostDatabases) databases_.clear();
  Database& database = databases_[{container, id}];
  const Clock::time_point now = Clock::now();
  if (now < database.next_look) return database;
  NameFiles files;
  if (ReadNameFiles(root, is_host, database.passwd_stamp, database.group_stamp, &files)) {
    Update(files.passwd, &database.passwd_stamp, &database.users);
    Update(files.group, &database.group_stamp, &database.groups);
    database.next_look = Clock::now() + kRecheck;
  } else if (database.passwd_stamp == FileStamp{}) {
    // Nothing known yet and this process is gone: the next process may have it. Not at once, though.
    database.next_look = Clock::now() + std::chrono::milliseconds(50);
  } else {
    database.next_look = Clock::now() + kRecheck;
  }
  return database;
}

void Users::Forget(uint32_t container) {
  std::erase_if(databases_, [&](const auto& entry) { return entry.first.first == container; });
  last_roots_.erase(container);
}

Users::Names Users::Lookup(uint32_t container, uint32_t pid, uint32_t uid, uint32_t gid, uint32_t login_uid) {
  const Database& database = Fresh(container, pid);
  const bool logged_in = login_uid != 0xffffffff;
  return {NameOf(database.users, uid), NameOf(database.groups, gid),
          logged_in ? NameOf(database.users, login_uid) : kNoName};
}

}  // namespace wasprey
