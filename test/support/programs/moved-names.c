// Opens a file again and again while another thread changes which name leads to it: by a rename of the file or of a folder above it, a
// mount, another root, or an unlink that frees its dentry for another name. Opens stay open, so that each is known by its number.
// Prints a line for each: its descriptor (or error), whether nothing was changed between just before the open and just after its name
// was read, its inode, and that name.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHECK(call) \
  if ((call) < 0) fail(#call)

// Changes alternate between both places.
struct way {
  const char *name;
  void (*begin)(void);       // leaves where `open_again` starts from
  void (*change)(int there); // 1: to the place that rules name; 0: back
  int (*open_again)(void);
  unsigned pause_us;  // between two changes, at most; a 64th of it between opens
};

struct opened {
  int fd;
  int certain;
  ino_t inode;
  char name[160];
};

static int root = -1, links = -1, held = -1;
static char link_of_held[32];  // a name that says nothing of what it leads to
static char folder[128];
static atomic_uint changes;  // odd while one is under way
static atomic_bool over;

static void fail(const char *what) {
  fprintf(stderr, "moved-names: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int open_by_link(void) { return open(link_of_held, O_RDONLY); }

static void hold(const char *path, int flags) {
  CHECK(held = open(path, flags));
  snprintf(link_of_held, sizeof link_of_held, "/proc/self/fd/%d", held);
}

static void hold_file(void) { hold("unused", O_RDONLY); }

static void rename_file(int there) { CHECK(there ? rename("unused", "wanted") : rename("wanted", "unused")); }

static void hold_deep_file(void) { hold("ou/deep/plain", O_RDONLY); }

static void rename_folder(int there) { CHECK(there ? rename("ou", "in") : rename("in", "ou")); }

static void leave_mounts(void) {
  CHECK(unshare(CLONE_NEWNS));
  CHECK(mount(0, "/", 0, MS_REC | MS_PRIVATE, 0));
}

static void mount_folder(int there) { CHECK(there ? mount("in", "view", 0, MS_BIND, 0) : umount2("view", MNT_DETACH)); }

// Names are absolute: soon after a process has changed its place the filter knows nothing of what is below that.
static int open_within(const char *name) {
  char path[sizeof folder + 16];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return open(path, O_RDONLY);
}

static int open_view(void) { return open_within("view/plain"); }

static void hold_root(void) { hold("root", O_PATH | O_DIRECTORY); }

static void change_root(int there) {
  CHECK(fchdir(there ? held : root));
  CHECK(chroot("."));
}

static int open_below_root(void) { return openat(held, "plain", O_RDONLY); }

static void nothing(void) {}

// The file that the link leads to is made anew each time, and the one before is gone.
static void replace_file(int there) {
  const char *name = there ? "wanted" : "unused", *other = there ? "unused" : "wanted";
  CHECK(mknod(name, S_IFREG | 0600, 0));
  CHECK(symlink(name, "link.new"));
  CHECK(rename("link.new", "link"));
  CHECK(unlink(other));
}

// The kernel reads the link, then looks up the name in it. If that name is removed in between, the open fails with ENOENT: on a busy machine
// one of 300,000.
static int open_link(void) {
  int fd;
  do fd = open_within("link");
  while (fd < 0 && errno == ENOENT);
  return fd;
}

static const struct way WAYS[] = {
    {"file", hold_file, rename_file, open_by_link, 64},
    {"folder", hold_deep_file, rename_folder, open_by_link, 64},
    {"mount", leave_mounts, mount_folder, open_view, 4096},
    {"root", hold_root, change_root, open_below_root, 65536},
    {"unlink", nothing, replace_file, open_link, 64},
};

// A pause of its own length each time, so that changes come at any point of an open. Short ones are spent: a sleep takes 50 us at least.
static void pause_before(unsigned number, unsigned longest_us) {
  struct timespec now, start;
  clock_gettime(CLOCK_MONOTONIC, &start);
  long ns = (long)((uint64_t)(number * 2654435761u) * longest_us * 1000 >> 32);
  if (longest_us > 500)
    nanosleep(&(struct timespec){.tv_nsec = ns}, 0);
  else
    do clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < ns);
}

static void *change(void *argument) {
  const struct way *way = argument;
  for (unsigned number = 1; !atomic_load(&over) || number % 2 == 0; number++) {
    pause_before(number, way->pause_us);
    atomic_fetch_add(&changes, 1);
    way->change(number % 2);
    atomic_fetch_add(&changes, 1);
  }
  return 0;
}

static void look_at(struct opened *opened) {
  char number[16];
  struct stat status;
  snprintf(number, sizeof number, "%d", opened->fd);
  ssize_t length = readlinkat(links, number, opened->name, sizeof opened->name - 1);
  if (length < 0 || fstat(opened->fd, &status)) fail("look_at");
  opened->name[length] = 0;
  opened->inode = status.st_ino;
}

int main(int argc, char **argv) {
  const struct way *way = 0;
  for (size_t i = 0; i < sizeof WAYS / sizeof *WAYS; i++)
    if (argc == 4 && !strcmp(argv[1], WAYS[i].name)) way = &WAYS[i];
  if (!way) {
    fputs("Usage: moved-names file|folder|mount|root|unlink FOLDER OPENS\n", stderr);
    return 2;
  }
  unsigned opens = (unsigned)strtoul(argv[3], 0, 10);
  struct rlimit files;
  CHECK(getrlimit(RLIMIT_NOFILE, &files));
  files.rlim_cur = files.rlim_max;
  CHECK(setrlimit(RLIMIT_NOFILE, &files));
  CHECK(root = open("/", O_PATH | O_DIRECTORY));
  CHECK(links = open("/proc/self/fd", O_PATH | O_DIRECTORY));
  snprintf(folder, sizeof folder, "%s", argv[2]);
  CHECK(chdir(folder));
  way->begin();
  struct opened *all = calloc(opens, sizeof *all);
  pthread_t mover;
  if (!all || pthread_create(&mover, 0, change, (void *)way)) fail("pthread_create");
  for (unsigned i = 0; i < opens; i++) {
    pause_before(i, way->pause_us / 64);
    unsigned before = atomic_load(&changes);
    all[i].fd = way->open_again();
    if (all[i].fd < 0)
      all[i].fd = -errno;
    else
      look_at(&all[i]);
    all[i].certain = before % 2 == 0 && atomic_load(&changes) == before;
  }
  atomic_store(&over, true);
  pthread_join(mover, 0);
  for (unsigned i = 0; i < opens; i++)
    printf("%d %d %lu %s\n", all[i].fd, all[i].certain, (unsigned long)all[i].inode, all[i].name);
  return 0;
}
