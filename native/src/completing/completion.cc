// Names of events by the shape of their record. Members that several shapes share lie at the same place in each.

#include "completing/completion.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>

#include "completing/lexical_path.h"
#include "records/socket_name.h"

namespace wasprey {
namespace {

// An open or network record may be read as a descriptor record up to here.
static_assert(offsetof(event_open, directory) == offsetof(event_descriptor, directory));
static_assert(offsetof(event_network, directory) == offsetof(event_descriptor, directory));

constexpr std::string_view kMemfdPrefix = "memfd:";
constexpr std::string_view kDeletedSuffix = " (deleted)";

template <typename Event>
Event* As(void* record) {
  return static_cast<Event*>(record);
}

/** Whether all these strings lie in the record behind its fixed part. */
template <typename Event, typename... Texts>
bool Fit(const Event* event, const Texts&... texts) {
  return (StringFits(texts, sizeof(Event), event->header.size) && ...);
}

/** The builder may give a name itself. */
bool IsGiven(const event_header& header, const string_ref& name) {
  return (header.flags & EVENT_FLAG_SYNTHETIC) != 0 && name.offset != 0;
}

Outcome RoomOr(bool stored) { return stored ? Outcome::kComplete : Outcome::kFull; }

}  // namespace

Outcome Completion::Name(std::byte* record, uint32_t address, Shape shape) {
  const auto& header = *reinterpret_cast<event_header*>(record);
  switch (shape) {
    case Shape::kOpen: {
      auto* event = As<event_open>(record);
      if (IsGiven(header, event->name)) return Fit(event, event->name) ? Outcome::kComplete : Outcome::kMalformed;
      if (!Fit(event, event->raw, event->resolved, event->directory, event->elsewhere)) return Outcome::kMalformed;
      return RoomOr(NameOpened(event, address));
    }
    case Shape::kExec: {
      auto* event = As<event_exec>(record);
      if (!Fit(event, event->raw, event->directory)) return Outcome::kMalformed;
      return RoomOr(NamePath(record, address, event->raw, event->directory, event->dirfd, &event->name));
    }
    case Shape::kDescriptor: {
      auto* event = As<event_descriptor>(record);
      if (IsGiven(header, event->name)) return Fit(event, event->name) ? Outcome::kComplete : Outcome::kMalformed;
      if (!Fit(event, event->raw, event->resolved, event->directory, event->text, event->value, event->elsewhere)) {
        return Outcome::kMalformed;
      }
      return RoomOr(NameDescriptor(event, address) && ViewElsewhere(event, address));
    }
    case Shape::kNetwork: {
      auto* event = As<event_network>(record);
      if (IsGiven(header, event->name)) return Fit(event, event->name) ? Outcome::kComplete : Outcome::kMalformed;
      if (!Fit(event, event->raw, event->resolved, event->directory, event->passed_path, event->data))
        return Outcome::kMalformed;
      return RoomOr(NameSocket(event, address) && ViewAlone(event, address));
    }
    case Shape::kPath: {
      auto* event = As<event_path>(record);
      if (!Fit(event, event->raw, event->directory, event->text, event->base)) return Outcome::kMalformed;
      return RoomOr(NamePath(record, address, event->raw, event->directory, event->dirfd, &event->name) &&
                    AddViews(event, address));
    }
    case Shape::kPaths: {
      auto* event = As<event_paths>(record);
      if (!Fit(event, event->old_raw, event->old_directory, event->old_base, event->new_raw, event->new_directory,
               event->new_base, event->text, event->device)) {
        return Outcome::kMalformed;
      }
      // The target of a symbolic link and the device of a mount are text, not paths of this process.
      const bool is_text = header.type == EVENT_SYMLINK || header.type == EVENT_SYMLINKAT || header.type == EVENT_MOUNT;
      event->old_name = {0, 0};
      if (!is_text &&
          !NamePath(record, address, event->old_raw, event->old_directory, event->old_dirfd, &event->old_name)) {
        return Outcome::kFull;
      }
      return RoomOr(
          NamePath(record, address, event->new_raw, event->new_directory, event->new_dirfd, &event->new_name) &&
          AddViews(event, address));
    }
    case Shape::kProcess: {
      auto* event = As<event_process>(record);
      return Fit(event, event->text) ? Outcome::kComplete : Outcome::kMalformed;
    }
    case Shape::kNone:
      break;
  }
  return Outcome::kMalformed;
}

/** Keeps the text in scratch as the name. */
bool Completion::Store(uint32_t address, size_t length, string_ref* name) {
  *name = {scratch_.Keep(length) - address, static_cast<uint32_t>(length)};
  return true;
}

/** The directory that a path is relative to; empty if the path is absolute or the directory unknown. */
std::string_view Completion::BaseOf(const void* record, std::string_view path, const string_ref& directory,
                                    int32_t dirfd) const {
  if (path.starts_with('/')) return {};
  if (directory.offset != 0) return StringOf(record, directory);
  return dirfd == AT_FDCWD ? CurrentDirectory() : std::string_view();
}

/** Of the process when its image was made; empty if it is unknown. */
std::string_view Completion::CurrentDirectory() const {
  const image& process = images_->At(last_address_);
  return last_is_held_back_ ? std::string_view() : StringOf(&process, process.cwd);
}

/** The absolute lexical path. False when scratch is full. */
bool Completion::NamePath(void* record, uint32_t address, const string_ref& raw, const string_ref& directory,
                          int32_t dirfd, string_ref* name) {
  *name = {0, 0};
  if (raw.offset == 0) return true;
  const std::string_view path = StringOf(record, raw);
  if (IsCleanAbsolute(path)) {
    *name = raw;
    return true;
  }
  const std::string_view base = BaseOf(record, path, directory, dirfd);
  if (!scratch_.HasRoom(MaxLexicalLength(base, path) + 1)) return false;
  return Store(address, LexicalPath(scratch_.at(), base, path), name);
}

/** The name of a descriptor: a path for files, an address for sockets, a memfd's name; otherwise empty, not absent. */
bool Completion::NameDescriptor(event_descriptor* event, uint32_t address) {
  event->name = {0, 0};
  switch (event->kind) {
    case 0:
      return true;
    case '4':
    case '6':
    case 'u':
      return NameSocket(reinterpret_cast<event_network*>(event), address);
    case 'f':
    case 'd':
      event->name = event->resolved;
      return true;
    case 'm':
      if (event->header.type == EVENT_MEMFD_CREATE && event->text.offset != 0) {
        event->name = event->text;
        return true;
      }
      if (event->resolved.offset != 0) {
        std::string_view path = StringOf(event, event->resolved);
        event->name = event->resolved;
        if (path.starts_with('/')) path.remove_prefix(1);
        if (path.starts_with(kMemfdPrefix)) path.remove_prefix(kMemfdPrefix.size());
        event->name.offset += event->name.length - static_cast<uint32_t>(path.size());
        if (path.ends_with(kDeletedSuffix)) path.remove_suffix(kDeletedSuffix.size());
        event->name.length = static_cast<uint32_t>(path.size());
        return true;
      }
      break;
    default:
      if (event->resolved.offset != 0) {
        event->name = event->resolved;
        return true;
      }
  }
  if (!scratch_.HasRoom(1)) return false;
  return Store(address, 0, &event->name);
}

/** Reads only members that descriptor records have too, except the passed path. */
bool Completion::NameSocket(event_network* event, uint32_t address) {
  event->name = {0, 0};
  if (event->kind == 0) return true;
  std::string_view path;
  if (event->kind == 'u') {
    path = StringOf(event, event->resolved);
    if (path.empty() && ShapeOf(event->header.type) == Shape::kNetwork) path = StringOf(event, event->passed_path);
  }
  if (!scratch_.HasRoom(kLongestSocketName + path.size() + 1)) return false;
  const bool has_name = event->kind == '4' || event->kind == '6' || event->kind == 'u';
  const size_t length = has_name ? WriteSocketName(scratch_.at(), *event, path.data(), path.size()) : 0;
  return Store(address, length, &event->name);
}

}  // namespace wasprey
