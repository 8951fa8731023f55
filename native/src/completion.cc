// Names of events by the shape of their record. Members that several shapes share lie at the same place in each.

#include "completion.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>

#include "lexical_path.h"
#include "magic_links.h"
#include "socket_name.h"

namespace wasprey {
namespace {

// An open or network record may be read as a descriptor record up to here.
static_assert(offsetof(event_open, directory) == offsetof(event_descriptor, directory));
static_assert(offsetof(event_network, directory) == offsetof(event_descriptor, directory));
// Rule modules find the second view of any event where an open event has it.
static_assert(offsetof(event_path, other_view) == offsetof(event_open, other_view));
static_assert(offsetof(event_paths, other_view) == offsetof(event_open, other_view));

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

/** Of a string that a record at `address` refers to: the same, as a view at `view` does. */
string_ref Moved(const string_ref& text, uint32_t view, uint32_t address) {
  return text.offset == 0 ? text : string_ref{text.offset + (address - view), text.length};
}

Outcome RoomOr(bool stored) { return stored ? Outcome::kComplete : Outcome::kFull; }

}  // namespace

Outcome Completion::Name(std::byte* record, uint32_t address, Shape shape) {
  const auto& header = *reinterpret_cast<event_header*>(record);
  switch (shape) {
    case Shape::kOpen: {
      auto* event = As<event_open>(record);
      if (IsGiven(header, event->name)) return Fit(event, event->name) ? Outcome::kComplete : Outcome::kMalformed;
      if (!Fit(event, event->raw, event->resolved, event->directory)) return Outcome::kMalformed;
      if (header.type == EVENT_OPEN_BY_HANDLE_AT) {
        event->name = event->resolved;
        return RoomOr(AddOpenView(event, address, EVENT_OPENAT) != nullptr);
      }
      // The path passed can't be read when the process takes its memory away during the call.
      if (event->raw.offset == 0 && StringOf(event, event->resolved).starts_with('/')) {
        event->name = event->resolved;
        return Outcome::kComplete;
      }
      return RoomOr(NamePath(record, address, event->raw, event->directory, event->dirfd, &event->name) &&
                    ViewResolved(event, address));
    }
    case Shape::kExec: {
      auto* event = As<event_exec>(record);
      if (!Fit(event, event->raw, event->directory)) return Outcome::kMalformed;
      return RoomOr(NamePath(record, address, event->raw, event->directory, event->dirfd, &event->name));
    }
    case Shape::kDescriptor: {
      auto* event = As<event_descriptor>(record);
      if (IsGiven(header, event->name)) return Fit(event, event->name) ? Outcome::kComplete : Outcome::kMalformed;
      if (!Fit(event, event->raw, event->resolved, event->directory, event->text)) return Outcome::kMalformed;
      return RoomOr(NameDescriptor(event, address));
    }
    case Shape::kNetwork: {
      auto* event = As<event_network>(record);
      if (IsGiven(header, event->name)) return Fit(event, event->name) ? Outcome::kComplete : Outcome::kMalformed;
      if (!Fit(event, event->raw, event->resolved, event->directory, event->passed_path, event->data))
        return Outcome::kMalformed;
      return RoomOr(NameSocket(event, address));
    }
    case Shape::kPath: {
      auto* event = As<event_path>(record);
      if (!Fit(event, event->raw, event->directory)) return Outcome::kMalformed;
      return RoomOr(NamePath(record, address, event->raw, event->directory, event->dirfd, &event->name) &&
                    ViewBehind(event, address));
    }
    case Shape::kPaths: {
      auto* event = As<event_paths>(record);
      if (!Fit(event, event->old_raw, event->old_directory, event->new_raw, event->new_directory, event->text)) {
        return Outcome::kMalformed;
      }
      // What a link points to, and the device of a mount, is text and no path of this process.
      const bool is_text = header.type == EVENT_SYMLINK || header.type == EVENT_SYMLINKAT || header.type == EVENT_MOUNT;
      event->old_name = {0, 0};
      if (!is_text &&
          !NamePath(record, address, event->old_raw, event->old_directory, event->old_dirfd, &event->old_name)) {
        return Outcome::kFull;
      }
      return RoomOr(
          NamePath(record, address, event->new_raw, event->new_directory, event->new_dirfd, &event->new_name) &&
          ViewBehind(event, address));
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

/** Keeps what was written to scratch as the name. */
bool Completion::Store(uint32_t address, size_t length, string_ref* name) {
  *name = {scratch_.Keep(length) - address, static_cast<uint32_t>(length)};
  return true;
}

/** The directory that a path is relative to; empty if it is absolute, or that is not known. */
std::string_view Completion::BaseOf(const void* record, std::string_view path, const string_ref& directory,
                                    int32_t dirfd) const {
  if (path.starts_with('/')) return {};
  if (directory.offset != 0) return StringOf(record, directory);
  const image& process = images_->At(last_address_);
  return dirfd == AT_FDCWD ? StringOf(&process, process.cwd) : std::string_view();
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

/** A name that completion has made, or found in the record. */
std::string_view Completion::NameText(const void* record, uint32_t address, const string_ref& name) const {
  const auto& header = *static_cast<const event_header*>(record);
  return name.offset < header.size ? StringOf(record, name) : scratch_.Text(address + name.offset, name.length);
}

/**
 * The path behind links that lead the process to its own root or directory, where it is another than the name that was
 * made of what was passed; absent else. False when scratch is full.
 */
bool Completion::NameBehind(const void* record, uint32_t address, const string_ref& raw, const string_ref& directory,
                            int32_t dirfd, const string_ref& name, string_ref* behind) {
  *behind = {0, 0};
  if (name.offset == 0) return true;
  const std::string_view path = StringOf(record, raw);
  const std::string_view base = BaseOf(record, path, directory, dirfd);
  if (!MayHaveMagicLinks(base, path)) return true;
  const image& process = images_->At(last_address_);
  const MagicLinks links{StringOf(&process, process.cwd), process.vpid};
  if (!scratch_.HasRoom(MaxLengthBehind(base, path, links) + 1)) return false;
  const size_t length = PathBehindMagicLinks(scratch_.at(), base, path, links);
  const std::string_view text(scratch_.at(), length);
  if (length == 0 || text == NameText(record, address, name)) return true;
  return Store(address, length, behind);
}

/** A call on a path that goes through such links gets a second view of itself, for rules to be tried on too. */
bool Completion::ViewBehind(event_path* event, uint32_t address) {
  string_ref behind;
  if (!NameBehind(event, address, event->raw, event->directory, event->dirfd, event->name, &behind)) return false;
  if (behind.offset == 0) return true;
  event_path* view =
      AddView(event, address, event->header.type, {&event_path::raw, &event_path::name, &event_path::directory});
  if (view == nullptr) return false;
  view->name = Moved(behind, event->other_view, address);
  return true;
}

/** The same of a call on two paths. */
bool Completion::ViewBehind(event_paths* event, uint32_t address) {
  string_ref old_name, new_name;
  if (!NameBehind(event, address, event->old_raw, event->old_directory, event->old_dirfd, event->old_name, &old_name) ||
      !NameBehind(event, address, event->new_raw, event->new_directory, event->new_dirfd, event->new_name, &new_name)) {
    return false;
  }
  if (old_name.offset == 0 && new_name.offset == 0) return true;
  event_paths* view = AddView(event, address, event->header.type,
                              {&event_paths::old_raw, &event_paths::old_name, &event_paths::old_directory,
                               &event_paths::new_raw, &event_paths::new_name, &event_paths::new_directory,
                               &event_paths::text});
  if (view == nullptr) return false;
  if (old_name.offset != 0) view->old_name = Moved(old_name, event->other_view, address);
  if (new_name.offset != 0) view->new_name = Moved(new_name, event->other_view, address);
  return true;
}

/**
 * An event whose name the kernel resolved to another gets a second view of itself, for rules to be tried on too. A
 * filter that is to drop events before they come here must look at both names. False when scratch is full.
 */
bool Completion::ViewResolved(event_open* event, uint32_t address) {
  const std::string_view resolved = StringOf(event, event->resolved);
  // A memfd that was opened again has a name, but no path.
  if (!resolved.starts_with('/') || resolved == NameText(event, address, event->name)) return true;
  event_open* view = AddOpenView(event, address, event->header.type);
  if (view == nullptr) return false;
  view->name = view->resolved;
  return true;
}

event_open* Completion::AddOpenView(event_open* event, uint32_t address, uint16_t type) {
  return AddView(event, address, type,
                 {&event_open::name, &event_open::raw, &event_open::resolved, &event_open::directory});
}

/**
 * Makes the second view of an event, as one of that type; its strings are those of the record. Null when scratch is
 * full.
 */
template <typename Event>
Event* Completion::AddView(Event* event, uint32_t address, uint16_t type,
                           std::initializer_list<string_ref Event::*> texts) {
  if (!scratch_.HasRoom(sizeof *event + alignof(Event) + 1)) return nullptr;
  Event* view = scratch_.Keep(*event, &event->other_view);
  for (string_ref Event::* text : texts) view->*text = Moved(view->*text, event->other_view, address);
  view->other_view = address;
  view->header.type = type;
  view->header.size += address - event->other_view;
  view->header.flags |= EVENT_FLAG_COMPLETE | EVENT_FLAG_RESOLVED_VIEW;
  view->header.image_address = last_address_;
  event->header.flags |= EVENT_FLAG_TWO_VIEWS;
  return view;
}

/** What a descriptor stands for: a path for files, an address for sockets, a memfd's name; else present and empty. */
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

/** Reads only what descriptor records have too, but for the path passed. */
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
