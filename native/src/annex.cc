// argv and environment come with a NUL after each item; rules see them joined by blanks, as Falco has them.

#include "annex.h"

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

/** Writes one string after the other, and returns its offset from the image. */
class Writer {
 public:
  Writer(char* block, uint32_t distance) : start_(block), at_(block), distance_(distance) {}

  string_ref Put(std::string_view text) {
    const string_ref reference{Here(), static_cast<uint32_t>(text.size())};
    text.copy(at_, text.size());
    at_ += text.size();
    return reference;
  }

  string_ref PutIfPresent(const OptionalText& text) { return text.present ? Put(text.text) : string_ref{0, 0}; }

  string_ref PutJoined(std::string_view items) {
    char* const from = at_;
    const string_ref reference = Put(items);
    // Unlike std::replace(), which writes where it has to, this takes many bytes at a time.
    std::transform(from, at_, from, [](char byte) { return byte == '\0' ? ' ' : byte; });
    return reference;
  }

  uint32_t Here() const { return distance_ + static_cast<uint32_t>(at_ - start_); }

 private:
  char* start_;
  char* at_;
  uint32_t distance_;
};

}  // namespace

std::string_view CommOf(const image& process) {
  return {process.comm_bytes, strnlen(process.comm_bytes, sizeof process.comm_bytes)};
}

uint32_t ImageTextSize(const ImageText& text) {
  const size_t size = text.executable.text.size() + text.argv.text.size() + 2 * text.environment.text.size() +
                      text.cwd.text.size() + 1 + text.cgroup.text.size() + text.stream.text.size() +
                      text.stream_name.text.size() + text.comm.size() + 1 + RestOf(text.argv.text).size() +
                      text.names.user.size() + text.names.group.size() + text.names.login.size() +
                      text.names.home.text.size() + text.names.shell.text.size();
  // One byte more: an empty string at the end still lies in the block.
  return static_cast<uint32_t>(size + 1);
}

void WriteImageText(const ImageText& text, char* block, uint32_t distance, image* process) {
  Writer writer(block, distance);
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
}

void ShareImageText(const image& model, uint32_t distance, image* process) {
  for (const auto member : kTextMembers) {
    const string_ref& text = model.*member;
    process->*member = text.offset == 0 ? string_ref{0, 0} : string_ref{text.offset + distance, text.length};
  }
  process->comm = model.comm;
}

}  // namespace wasprey
