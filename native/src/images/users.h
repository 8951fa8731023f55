// Users, with home and shell, and names of groups: from the passwd and group files of the host and of each container.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "images/name_files.h"
#include "images/optional_text.h"

namespace wasprey {

/** The text for an unknown name, as Falco prints it: a present string. */
inline constexpr std::string_view kNoName = "<NA>";

using NamesById = std::unordered_map<uint32_t, std::string>;

/** A line of passwd. Long fields are cut. */
class User {
 public:
  /** Of a line that ends before its last field, the shell: it has a name only. */
  explicit User(std::string_view name);
  User(std::string_view name, std::string_view home, std::string_view shell);

  std::string_view name() const { return std::string_view(text_).substr(0, name_length_); }
  OptionalText home() const { return {has_paths_, std::string_view(text_).substr(name_length_, home_length_)}; }
  OptionalText shell() const { return {has_paths_, std::string_view(text_).substr(name_length_ + home_length_)}; }

 private:
  /** Name, home and shell, one after the other: a hostile file has very many lines. */
  std::string text_;
  uint16_t name_length_ = 0;
  uint16_t home_length_ = 0;
  bool has_paths_ = false;
};

using UsersById = std::unordered_map<uint32_t, User>;

/** The `name:x:number:` lines of a group file. The first line of a number wins; other lines are skipped. */
NamesById ParseGroups(std::string_view file);

/** The `name:x:number:` lines of a passwd file, by the same rule. */
UsersById ParseUsers(std::string_view file);

class Users {
 public:
  /** Valid until the next call. */
  struct Names {
    std::string_view user;
    std::string_view group;
    std::string_view login;
    /** Of the user; absent when they are not known. */
    OptionalText home;
    OptionalText shell;
  };

  /**
   * Names for a process of a container, `container` being any number that stands for it (0 = host). Files are looked at
   * every two seconds at most, and never for longer than 20 ms: what a container mounts there may hang.
   */
  Names Lookup(uint32_t container, uint32_t pid, uint32_t uid, uint32_t gid, uint32_t login_uid);

  /** The container is gone, or its number was reused. */
  void Forget(uint32_t container);

 private:
  /**
   * A container's files are known by its root directory: a runtime's process is in the container's cgroup before it has
   * the container's root, and a process may change its root.
   */
  using Key = std::pair<uint32_t, RootId>;

  struct Database {
    FileStamp passwd_stamp;
    FileStamp group_stamp;
    UsersById users;
    NamesById groups;
    std::chrono::steady_clock::time_point next_look{};
  };

  const Database& Fresh(uint32_t container, uint32_t pid);

  std::map<Key, Database> databases_;
  /** The last known root of the container's processes, for a process that has exited. */
  std::map<uint32_t, RootId> last_roots_;
};

}  // namespace wasprey
