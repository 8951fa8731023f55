// Further views of events (host/schema/event-structs.ts: TWO_VIEWS): one for each name of a call's file other than the
// one that was passed. Rules are evaluated on all views.

#include <cstddef>

#include "completion.h"
#include "magic_links.h"

namespace wasprey {
namespace {

// Rule modules read the next view of any event at the offset of open events.
static_assert(offsetof(event_path, other_view) == offsetof(event_open, other_view));
static_assert(offsetof(event_paths, other_view) == offsetof(event_open, other_view));
static_assert(offsetof(event_network, other_view) == offsetof(event_open, other_view));

/** A string reference of a record at `address`, converted for a view at `view`. */
string_ref Moved(const string_ref& text, uint32_t view, uint32_t address) {
  return text.offset == 0 ? text : string_ref{text.offset + (address - view), text.length};
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

/** A call on a path through such links gets a second view, on which rules are evaluated too. */
bool Completion::ViewBehind(event_path* event, uint32_t address) {
  string_ref behind;
  if (!NameBehind(event, address, event->raw, event->directory, event->dirfd, event->name, &behind)) return false;
  if (behind.offset == 0) return true;
  event_path* view =
      AddView(event, address, event->header.type, {&event_path::raw, &event_path::name, &event_path::directory, &event_path::text});
  if (view == nullptr) return false;
  view->name = Moved(behind, event->other_view, address);
  return true;
}

/** The same for a call on two paths. */
bool Completion::ViewBehind(event_paths* event, uint32_t address) {
  string_ref old_name, new_name;
  if (!NameBehind(event, address, event->old_raw, event->old_directory, event->old_dirfd, event->old_name, &old_name) ||
      !NameBehind(event, address, event->new_raw, event->new_directory, event->new_dirfd, event->new_name, &new_name)) {
    return false;
  }
  if (old_name.offset == 0 && new_name.offset == 0) return true;
  event_paths* view =
      AddView(event, address, event->header.type,
              {&event_paths::old_raw, &event_paths::old_name, &event_paths::old_directory, &event_paths::new_raw,
               &event_paths::new_name, &event_paths::new_directory, &event_paths::text});
  if (view == nullptr) return false;
  if (old_name.offset != 0) view->old_name = Moved(old_name, event->other_view, address);
  if (new_name.offset != 0) view->new_name = Moved(new_name, event->other_view, address);
  return true;
}

/** Each message of sendmmsg and recvmmsg has two views: as that call, then as a sendmsg or recvmsg. */
bool Completion::ViewAlone(event_network* event, uint32_t address) {
  const uint16_t type = event->header.type;
  if (type != EVENT_SENDMMSG && type != EVENT_RECVMMSG) return true;
  return AddView(event, address, type == EVENT_SENDMMSG ? EVENT_SENDMSG : EVENT_RECVMSG,
                 {&event_network::name, &event_network::raw, &event_network::resolved, &event_network::directory,
                  &event_network::passed_path, &event_network::data}) != nullptr;
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
  const std::string_view resolved = StringOf(event, event->resolved);
  const std::string_view elsewhere = StringOf(event, event->elsewhere);
  event_open* last = event;
  uint32_t last_address = address;
  // A memfd that was opened again has a name, but no path.
  if (by_handle || (resolved.starts_with('/') && resolved != NameText(event, address, event->name))) {
    last = AddOpenView(event, address, by_handle ? EVENT_OPENAT : event->header.type);
    if (last == nullptr) return false;
    last->name = last->resolved;
    last_address = event->other_view;
  }
  if (!elsewhere.starts_with('/') || elsewhere == resolved || elsewhere == NameText(event, address, event->name)) {
    return true;
  }
  event_open* view = AddOpenView(last, last_address, last->header.type);
  if (view == nullptr) return false;
  view->name = view->elsewhere;
  view->other_view = address;
  return true;
}

event_open* Completion::AddOpenView(event_open* event, uint32_t address, uint16_t type) {
  return AddView(
      event, address, type,
      {&event_open::name, &event_open::raw, &event_open::resolved, &event_open::directory, &event_open::elsewhere});
}

/**
 * Makes a view of an event after its last one, with that type and the record's strings. Null when scratch is full.
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

}  // namespace wasprey
