// argv and environment come with a NUL after each item; rules see them joined by blanks, as Falco has them.

#include "images/annex.h"

#include <algorithm>
#include <cstring>

namespace wasprey {
namespace {

/** All strings of an image that lie in its text block; comm lies in the image itself. */
constexpr string_ref image::* kTextMembers[] = {
    &image::executable, &image::argv,       &image::environment, &image::cwd,
    &image::cgroup,     &image::stream,     &image::argv0,       &image::args,
    &image::cmdline,    &image::cwd_slash,  &image::stream_name, &image::environment_text,
    &image::user_name,  &image::group_name, &image::login_name,  &image::user_home,
    &image::user_shell,
};

std::string_view WithoutLastNul(std::string_view items) {
  return !items.empty() && items.back() == '\0' ? items.substr(0, items.size() - 1) : items;
}

std::string_view FirstItem(std::string_view items) { return items.substr(0, std::min(items.find('\0'), items.size())); }

/** The arguments after argv[0]. */
std::string_view RestOf(std::string_view items) {
  const std::string_view joined = WithoutLastNul(items);
  const size_t first = joined.find('\0');
  return first == std::string_view::npos ? std::string_view() : joined.substr(first + 1);
}

/** Appends one string after the other, and returns its offset from the image. */
class Writer {
 public:
  Writer(std::string* bytes, uint32_t distance) : bytes_(bytes), distance_(distance) { bytes_->clear(); }

  string_ref Put(std::string_view text) {
    const string_ref reference{Here(), static_cast<uint32_t>(text.size())};
    bytes_->append(text);
    return reference;
  }

  string_ref PutIfPresent(const OptionalText& text) { return text.present ? Put(text.text) : string_ref{0, 0}; }

  string_ref PutJoined(std::string_view items) {
    const size_t from = bytes_->size();
    const string_ref reference = Put(items);
    // Unlike std::replace(), which writes where it has to, this takes many bytes at a time.
    std::transform(bytes_->begin() + static_cast<ptrdiff_t>(from), bytes_->end(),
                   bytes_->begin() + static_cast<ptrdiff_t>(from), [](char byte) { return byte == '\0' ? ' ' : byte; });
    return reference;
  }

  uint32_t Here() const { return distance_ + static_cast<uint32_t>(bytes_->size()); }

 private:
  std::string* bytes_;
  uint32_t distance_;
};

/** Whether a string is there and how long it is, in as few bytes as it takes (LEB128). */
void AppendLength(const OptionalText& text, std::string* bytes) {
  size_t left = text.present ? text.text.size() + 1 : 0;
  for (; left > 0x7f; left >>= 7) bytes->push_back(static_cast<char>(0x80 | (left & 0x7f)));
  bytes->push_back(static_cast<char>(left));
}

/** Of each string in a cut text; arguments are in it twice. */
constexpr size_t kCutLength = 128;
/** The path of a pod's cgroup has 200 bytes. */
constexpr size_t kCutCgroup = 256;

/** The end of a path, marked as one whose beginning is not known (put_path() of bpf/path.h does the same). */
std::string EndOfPath(const OptionalText& path, size_t length) {
  if (path.text.size() <= length) return std::string(path.text);
  return "//" + std::string(path.text.substr(path.text.size() - (length - 2)));
}

}  // namespace

std::string_view CommOf(const image& process) {
  return {process.comm_bytes, strnlen(process.comm_bytes, sizeof process.comm_bytes)};
}

CutImageText::CutImageText(const ImageText& whole)
    : executable_(EndOfPath(whole.executable, kCutLength)),
      argv_(whole.argv.text.substr(0, kCutLength)),
      cwd_(EndOfPath(whole.cwd, kCutLength)),
      cgroup_(EndOfPath(whole.cgroup, kCutCgroup)),
      text_(whole) {
  // Without the NUL of its last item, so that nobody takes it for a command that was run.
  if (argv_.size() < whole.argv.text.size()) argv_.resize(argv_.find_last_not_of('\0') + 1);
  text_.executable.text = executable_;
  text_.argv.text = argv_;
  text_.environment.text = {};
  text_.cwd.text = cwd_;
  text_.cgroup.text = cgroup_;
  for (std::string_view* const name :
       {&text_.names.user, &text_.names.group, &text_.names.login, &text_.names.home.text, &text_.names.shell.text}) {
    *name = name->substr(0, kCutLength);
  }
}

void WriteImageText(const ImageText& text, uint32_t distance, std::string* bytes, image* process) {
  Writer writer(bytes, distance);
  // In Falco unknown proc.exepath and proc.exe are empty, so they are present.
  process->executable = writer.Put(text.executable.text);
  process->argv = writer.PutIfPresent(text.argv);
  process->argv0 = {writer.Here(), 0};
  if (text.argv.present) {
    process->argv0 = {process->argv.offset, static_cast<uint32_t>(FirstItem(text.argv.text).size())};
  }
  process->environment = writer.PutIfPresent(text.environment);
  process->environment_text = writer.PutJoined(WithoutLastNul(text.environment.text));
  process->cwd = writer.PutIfPresent(text.cwd);
  process->cwd_slash = process->cwd;
  if (text.cwd.present && !text.cwd.text.ends_with('/')) {
    writer.Put("/");
    process->cwd_slash.length++;
  }
  process->cgroup = writer.PutIfPresent(text.cgroup);
  process->stream = writer.PutIfPresent(text.stream);
  process->stream_name = writer.PutIfPresent(text.stream_name);
  process->cmdline = writer.Put(text.comm);
  const std::string_view rest = RestOf(text.argv.text);
  const bool has_arguments = WithoutLastNul(text.argv.text).find('\0') != std::string_view::npos;
  if (has_arguments) writer.Put(" ");
  process->args = writer.PutJoined(rest);
  process->cmdline.length += (has_arguments ? 1 : 0) + process->args.length;
  process->user_name = writer.Put(text.names.user);
  process->group_name = writer.Put(text.names.group);
  process->login_name = writer.Put(text.names.login);
  process->user_home = writer.PutIfPresent(text.names.home);
  process->user_shell = writer.PutIfPresent(text.names.shell);
  process->comm = {offsetof(image, comm_bytes), static_cast<uint32_t>(text.comm.size())};
  // An empty string at the end still lies in the block, because this follows.
  const OptionalText comm{true, text.comm}, user{true, text.names.user}, group{true, text.names.group},
      login{true, text.names.login};
  for (const OptionalText* const each :
       {&text.executable, &text.argv, &text.environment, &text.cwd, &text.cgroup, &text.stream, &text.stream_name,
        &comm, &user, &group, &login, &text.names.home, &text.names.shell}) {
    AppendLength(*each, bytes);
  }
}

void ShareImageText(const image& model, uint32_t distance, image* process) {
  for (const auto member : kTextMembers) {
    const string_ref& text = model.*member;
    process->*member = text.offset == 0 ? string_ref{0, 0} : string_ref{text.offset + distance, text.length};
  }
  process->comm = model.comm;
}

}  // namespace wasprey
