// Users, with home and shell, and names of groups: from the passwd and group files of the host and of each container.
#pragma once

#include <cstdint>
#include <string_view>

#include "images/name_databases.h"
#include "images/optional_text.h"

namespace wasprey {

/** The text for an unknown name, as Falco prints it: a present string. */
inline constexpr std::string_view kNoName = "<NA>";

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

  /** Names for a process of a container, `container` being any number that stands for it (0 = host). */
  Names Lookup(uint32_t container, uint32_t pid, uint32_t uid, uint32_t gid, uint32_t login_uid);

  /** The container is gone, or its number was reused. */
  void Forget(uint32_t container) { databases_.Forget(container); }

  /** How often names were unknown because files were not read. */
  uint64_t unread() const { return databases_.unread(); }

 private:
  NameDatabases databases_;
};

}  // namespace wasprey
