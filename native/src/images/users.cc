// One database per container: both maps, and when its files were last checked.

#include "images/users.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace wasprey {
namespace {

/** More roots than containers usually are on a node; a container that changes its root again and again gains nothing.
 */
constexpr size_t kMostDatabases = 4096;

constexpr auto kRecheck = std::chrono::seconds(2);

using Clock = std::chrono::steady_clock;

/** useradd lets a name have 256 bytes. */
constexpr size_t kLongestName = 256;

/** Each image of the user has a copy of both, and a container can write anything there. */
constexpr size_t kLongestPath = 1024;

/** The text before the next colon, which is taken off `line` with it. Nothing when there is no colon. */
std::optional<std::string_view> TakeField(std::string_view* line) {
  const size_t colon = line->find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view field = line->substr(0, colon);
  line->remove_prefix(colon + 1);
  return field;
}

/** Calls `found` with the number, the name and what follows both, for each `name:x:number:` line. */
template <typename Found>
void ForEachEntry(std::string_view file, Found found) {
  while (!file.empty()) {
    const size_t newline = std::min(file.find('\n'), file.size());
    std::string_view line = file.substr(0, newline);
    file.remove_prefix(std::min(newline + 1, file.size()));
    const auto name = TakeField(&line);
    TakeField(&line);  // the password
    const auto number = TakeField(&line);
    if (!name || name->empty() || !number) continue;
    const char* const end = number->data() + number->size();
    uint32_t id = 0;
    const auto [stop, error] = std::from_chars(number->data(), end, id);
    if (error != std::errc() || stop != end) continue;
    found(id, *name, line);
  }
}

template <typename Entries>
void Update(const NameFile& file, Entries (*parse)(std::string_view), FileStamp* stamp, Entries* entries) {
  if (file.unchanged) return;
  *stamp = file.stamp;
  *entries = parse(file.text);
}

template <typename Entries>
const typename Entries::mapped_type* Find(const Entries& entries, uint32_t number) {
  const auto found = entries.find(number);
  return found == entries.end() ? nullptr : &found->second;
}

std::string_view UnknownName(uint32_t number) { return number == 0 ? std::string_view("root") : kNoName; }

std::string_view NameOf(const User* user, uint32_t uid) { return user == nullptr ? UnknownName(uid) : user->name(); }

}  // namespace

User::User(std::string_view name) : text_(name.substr(0, kLongestName)), name_length_(text_.size()) {}

User::User(std::string_view name, std::string_view home, std::string_view shell) : User(name) {
  text_.append(home.substr(0, kLongestPath));
  home_length_ = text_.size() - name_length_;
  text_.append(shell.substr(0, kLongestPath));
  has_paths_ = true;
}

NamesById ParseGroups(std::string_view file) {
  NamesById groups;
  ForEachEntry(file, [&](uint32_t id, std::string_view name, std::string_view) {
    groups.try_emplace(id, name.substr(0, kLongestName));
  });
  return groups;
}

UsersById ParseUsers(std::string_view file) {
  UsersById users;
  ForEachEntry(file, [&](uint32_t id, std::string_view name, std::string_view rest) {
    TakeField(&rest);  // the group
    TakeField(&rest);  // the comment
    if (const auto home = TakeField(&rest)) {
      // The shell is all that is left, with its colons, as getpwent(3) reads it.
      users.try_emplace(id, name, *home, rest);
    } else {
      users.try_emplace(id, name);
    }
  });
  return users;
}

const Users::Database& Users::Fresh(uint32_t container, uint32_t pid) {
  const bool is_host = container == 0;
  RootId id{};
  if (!is_host) {
    RootId& last_root = last_roots_[container];
    last_root = RootIdOf(RootOf(pid)).value_or(last_root);
    id = last_root;
  }
  if (databases_.size() > kMostDatabases) databases_.clear();
  Database& database = databases_[{container, id}];
  const Clock::time_point now = Clock::now();
  if (now < database.next_look) return database;
  // Not before: to look for the host's root took a tenth of the time for a new process.
  const std::string root = RootOf(is_host ? 0 : pid);
  NameFiles files;
  if (ReadNameFiles(root, is_host, database.passwd_stamp, database.group_stamp, &files)) {
    Update(files.passwd, ParseUsers, &database.passwd_stamp, &database.users);
    Update(files.group, ParseGroups, &database.group_stamp, &database.groups);
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
  const User* const user = Find(database.users, uid);
  const std::string* const group = Find(database.groups, gid);
  return {.user = NameOf(user, uid),
          .group = group == nullptr ? UnknownName(gid) : *group,
          .login = logged_in ? NameOf(Find(database.users, login_uid), login_uid) : kNoName,
          .home = user == nullptr ? OptionalText{} : user->home(),
          .shell = user == nullptr ? OptionalText{} : user->shell()};
}

}  // namespace wasprey
