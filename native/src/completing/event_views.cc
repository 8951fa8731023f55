// Further views of events (host/schema/event-structs.ts: TWO_VIEWS): one for each name of a call's file other than the
// one that was passed. Rules are evaluated on all views.

#include <fcntl.h>
#include <sys/stat.h>

#include <cstddef>
#include <string>
#include <utility>

#include "completing/completion.h"
#include "completing/lexical_path.h"
#include "completing/magic_links.h"

namespace wasprey {
namespace {

// Rule modules read the next view of any event at the offset of open events.
static_assert(offsetof(event_path, other_view) == offsetof(event_open, other_view));
static_assert(offsetof(event_paths, other_view) == offsetof(event_open, other_view));
static_assert(offsetof(event_network, other_view) == offsetof(event_open, other_view));
static_assert(offsetof(event_descriptor, other_view) == offsetof(event_open, other_view));

constexpr uint64_t kExchange = 2;  // RENAME_EXCHANGE

/** A string reference of a record at `address`, converted for a view at `view`. */
string_ref Moved(const string_ref& text, uint32_t view, uint32_t address) {
  return text.offset == 0 ? text : string_ref{text.offset + (address - view), text.length};
}

/** The first one, unless it is absent. */
const string_ref& Either(const string_ref& name, const string_ref& otherwise) {
  return name.offset != 0 ? name : otherwise;
}

}  // namespace

/** A name that completion made, or found in the record. */
std::string_view Completion::NameText(const void* record, uint32_t address, const string_ref& name) const {
  const auto& header = *static_cast<const event_header*>(record);
  return name.offset < header.size ? StringOf(record, name) : scratch_.Text(address + name.offset, name.length);
}

/**
 * The path behind links that lead the process to its own root or directory, if it differs from the name made from the
 * passed path; otherwise absent. False when scratch is full.
 */
bool Completion::NameBehind(const void* record, uint32_t address, const PassedPath& passed, const string_ref& name,
                            string_ref* behind) {
  *behind = {0, 0};
  if (name.offset == 0) return true;
  const std::string_view path = StringOf(record, passed.raw);
  // One that is its own name leads through such a link only there.
  if (name.offset == passed.raw.offset && !path.starts_with("/proc/")) return true;
  const std::string_view base = BaseOf(record, path, passed.directory, passed.dirfd);
  if (!MayHaveMagicLinks(base, path)) return true;
  const image& process = images_->At(last_address_);
  const bool is_by_descriptor = passed.dirfd != AT_FDCWD;
  const std::string_view current =
      is_by_descriptor ? CurrentDirectory() : BaseOf(record, {}, passed.directory, AT_FDCWD);
  const MagicLinks links{current, process.vpid};
  if (!scratch_.HasRoom(MaxLengthBehind(base, path, links) + 1)) return false;
  const size_t length = PathBehindMagicLinks(scratch_.at(), base, path, links);
  const std::string_view text(scratch_.at(), length);
  if (length == 0 || text == NameText(record, address, name)) return true;
  return Store(address, length, behind);
}

/**
 * The name from the other path of what the passed path starts from, if it differs from `name`, which is the one made so
 * far; otherwise absent. False when scratch is full.
 */
bool Completion::NameElsewhere(const void* record, uint32_t address, const PassedPath& passed, const string_ref& name,
                               string_ref* elsewhere) {
  *elsewhere = {0, 0};
  if (passed.base.offset == 0 || name.offset == 0) return true;
  const std::string_view path = StringOf(record, passed.raw);
  const std::string_view start = BaseOf(record, path, passed.directory, passed.dirfd);
  const std::string_view base = StringOf(record, passed.base);
  const std::string_view text = NameText(record, address, name);
  if (!scratch_.HasRoom(MaxLengthElsewhere(base, path, text) + 1)) return false;
  const size_t length = PathElsewhere(scratch_.at(), base, start, path, text);
  if (std::string_view(scratch_.at(), length) == text) return true;
  return Store(address, length, elsewhere);
}

/**
 * A call on a path has a view for each further name of the file: that behind links to the process's own root or
 * directory, and that for the container or machine. Rules are evaluated on all.
 */
bool Completion::AddViews(event_path* event, uint32_t address) {
  const PassedPath passed{event->raw, event->directory, event->base, event->dirfd};
  string_ref behind, elsewhere;
  if (!NameBehind(event, address, passed, event->name, &behind) ||
      !NameElsewhere(event, address, passed, Either(behind, event->name), &elsewhere)) {
    return false;
  }
  Views<event_path> views{event, address};
  for (const string_ref& name : {behind, elsewhere}) {
    if (name.offset == 0) continue;
    event_path* view = AddView(
        &views, {&event_path::raw, &event_path::name, &event_path::directory, &event_path::text, &event_path::base});
    if (view == nullptr) return false;
    view->name = Moved(name, views.last_address, address);
  }
  return true;
}

/** The same for a call on two paths. If it has exchanged two files, each is the old and the new one. */
bool Completion::AddViews(event_paths* event, uint32_t address) {
  const PassedPath old_passed{event->old_raw, event->old_directory, event->old_base, event->old_dirfd};
  const PassedPath new_passed{event->new_raw, event->new_directory, event->new_base, event->new_dirfd};
  string_ref old_behind, new_behind, old_elsewhere, new_elsewhere;
  if (!NameBehind(event, address, old_passed, event->old_name, &old_behind) ||
      !NameBehind(event, address, new_passed, event->new_name, &new_behind)) {
    return false;
  }
  const Names passed{event->old_name, event->new_name};
  const Names behind{Either(old_behind, passed.old_name), Either(new_behind, passed.new_name)};
  if (!NameElsewhere(event, address, old_passed, behind.old_name, &old_elsewhere) ||
      !NameElsewhere(event, address, new_passed, behind.new_name, &new_elsewhere)) {
    return false;
  }
  const Names elsewhere{Either(old_elsewhere, behind.old_name), Either(new_elsewhere, behind.new_name)};
  const bool is_behind = old_behind.offset != 0 || new_behind.offset != 0;
  const bool is_elsewhere = old_elsewhere.offset != 0 || new_elsewhere.offset != 0;
  const bool exchanges = event->header.type == EVENT_RENAMEAT2 && (event->call_flags & kExchange) != 0;
  const bool mounts = event->header.type == EVENT_MOVE_MOUNT || event->header.type == EVENT_MOUNT_SETATTR;
  Views<event_paths> views{event, address};
  if (mounts && !AddMount(&views, {elsewhere.old_name, passed.new_name})) return false;
  for (const auto& [exists, names] : {std::pair{is_behind, behind}, std::pair{is_elsewhere, elsewhere}}) {
    if (!exists) continue;
    if (!AddNames(&views, names, false)) return false;
    if (mounts && !AddMount(&views, {elsewhere.old_name, names.new_name})) return false;
  }
  if (!exchanges) return true;
  return AddNames(&views, passed, true) && (!is_behind || AddNames(&views, behind, true)) &&
         (!is_elsewhere || AddNames(&views, elsewhere, true));
}

/**
 * A view as the equivalent mount(2). Its device is that of a new mount, the folder that a bind mount shows, or the
 * place that a mount was moved from.
 */
bool Completion::AddMount(Views<event_paths>* views, const Names& names) {
  if (!AddNames(views, names, false)) return false;
  event_paths* view = views->last;
  view->header.type = EVENT_MOUNT;
  view->old_raw = Either(view->device, view->old_name);
  view->old_name = {0, 0};
  return true;
}

/** A view with these names; `exchanged`: the first path is in the place of the second, and the other way round. */
bool Completion::AddNames(Views<event_paths>* views, const Names& names, bool exchanged) {
  event_paths* view =
      AddView(views, {&event_paths::old_raw, &event_paths::old_name, &event_paths::old_directory, &event_paths::new_raw,
                      &event_paths::new_name, &event_paths::new_directory, &event_paths::text, &event_paths::device,
                      &event_paths::old_base, &event_paths::new_base});
  if (view == nullptr) return false;
  view->old_name = Moved(names.old_name, views->last_address, views->address);
  view->new_name = Moved(names.new_name, views->last_address, views->address);
  if (!exchanged) return true;
  std::swap(view->old_raw, view->new_raw);
  std::swap(view->old_name, view->new_name);
  std::swap(view->old_directory, view->new_directory);
  std::swap(view->old_base, view->new_base);
  std::swap(view->old_dirfd, view->new_dirfd);
  return true;
}

/** Each message of sendmmsg and recvmmsg has two views: as that call, then as a sendmsg or recvmsg. */
bool Completion::ViewAlone(event_network* event, uint32_t address) {
  const uint16_t type = event->header.type;
  if (type != EVENT_SENDMMSG && type != EVENT_RECVMMSG) return true;
  Views<event_network> views{event, address};
  event_network* view = AddView(&views, {&event_network::name, &event_network::raw, &event_network::resolved,
                                         &event_network::directory, &event_network::passed_path, &event_network::data});
  if (view == nullptr) return false;
  view->header.type = type == EVENT_SENDMMSG ? EVENT_SENDMSG : EVENT_RECVMSG;
  return true;
}

/**
 * An opened file has the passed name. If the kernel resolved it to another name, or the file has another path, there is
 * a view with each, on which rules are evaluated too; a filter that drops events earlier must check all of them. A file
 * opened by its handle has two views: as that call, then as the equivalent openat. False when scratch is full.
 */
bool Completion::NameOpened(event_open* event, uint32_t address) {
  const bool by_handle = event->header.type == EVENT_OPEN_BY_HANDLE_AT;
  // The passed path can't be read if the process unmaps its memory during the call.
  const bool is_unread = event->raw.offset == 0 && StringOf(event, event->resolved).starts_with('/');
  if (by_handle || is_unread) {
    event->name = event->resolved;
  } else if (!NamePath(event, address, event->raw, event->directory, event->dirfd, &event->name)) {
    return false;
  }
  string_ref found;
  if (!NameInode(event, address, &found)) return false;
  if (by_handle && found.offset != 0) event->name = found;
  const std::string_view resolved = StringOf(event, event->resolved);
  const std::string_view elsewhere = StringOf(event, event->elsewhere);
  const std::string_view name = NameText(event, address, event->name);
  const uint16_t type = by_handle ? EVENT_OPENAT : event->header.type;
  Views<event_open> views{event, address};
  // A memfd that was opened again has a name, but no path.
  if (by_handle || (resolved.starts_with('/') && resolved != name)) {
    event_open* view = AddOpenView(&views, type);
    if (view == nullptr) return false;
    if (found.offset == 0) view->name = view->resolved;
  } else if (found.offset != 0) {
    event_open* view = AddOpenView(&views, type);
    if (view == nullptr) return false;
    view->name = Moved(found, views.last_address, address);
  }
  if (!elsewhere.starts_with('/') || elsewhere == resolved || elsewhere == name) return true;
  event_open* view = AddOpenView(&views, type);
  if (view == nullptr) return false;
  view->name = view->elsewhere;
  return true;
}

/**
 * The path of an opened file that the kernel has only the inode of; absent if it has more, or it is not found. Such a
 * file was opened by its handle, or once more through /proc. False when scratch is full.
 */
bool Completion::NameInode(const event_open* event, uint32_t address, string_ref* found) {
  *found = {0, 0};
  const bool may_be = event->header.type == EVENT_OPEN_BY_HANDLE_AT ||
                      StringOf(event, event->raw).find("/fd/") != std::string_view::npos;
  if (inode_names_ == nullptr || !may_be || event->header.result < 0 || event->resolved.offset != 0 ||
      event->elsewhere.offset != 0 || !S_ISREG(event->file_mode)) {
    return true;
  }
  const std::string path = inode_names_->Find(event->device, event->inode);
  if (path.empty()) return true;
  if (!scratch_.HasRoom(path.size() + 1)) return false;
  path.copy(scratch_.at(), path.size());
  return Store(address, path.size(), found);
}

event_open* Completion::AddOpenView(Views<event_open>* views, uint16_t type) {
  event_open* view = AddView(views, {&event_open::name, &event_open::raw, &event_open::resolved, &event_open::directory,
                                     &event_open::elsewhere});
  if (view != nullptr) view->header.type = type;
  return view;
}

/** A call on an open file has a view for the file's other path. */
bool Completion::ViewElsewhere(event_descriptor* event, uint32_t address) {
  const std::string_view elsewhere = StringOf(event, event->elsewhere);
  if (!elsewhere.starts_with('/') || elsewhere == StringOf(event, event->resolved)) return true;
  Views<event_descriptor> views{event, address};
  event_descriptor* view =
      AddView(&views, {&event_descriptor::name, &event_descriptor::raw, &event_descriptor::resolved,
                       &event_descriptor::directory, &event_descriptor::text, &event_descriptor::value,
                       &event_descriptor::elsewhere});
  if (view == nullptr) return false;
  view->name = view->elsewhere;
  return true;
}

/** Makes a view of an event after its last one, with the record's strings. Null when scratch is full. */
template <typename Event>
Event* Completion::AddView(Views<Event>* views, std::initializer_list<string_ref Event::*> texts) {
  if (!scratch_.HasRoom(sizeof(Event) + alignof(Event) + 1)) return nullptr;
  uint32_t at = 0;
  Event* view = scratch_.Keep(*views->first, &at);
  for (string_ref Event::* text : texts) view->*text = Moved(view->*text, at, views->address);
  view->other_view = views->address;
  view->header.size += views->address - at;
  view->header.flags &= ~EVENT_FLAG_TWO_VIEWS;
  view->header.flags |= EVENT_FLAG_COMPLETE | EVENT_FLAG_RESOLVED_VIEW;
  view->header.image_address = last_address_;
  views->last->other_view = at;
  views->last->header.flags |= EVENT_FLAG_TWO_VIEWS;
  views->last = view;
  views->last_address = at;
  return view;
}

}  // namespace wasprey
