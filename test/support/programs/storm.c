// Makes as many lifecycle records as it can: a loop of calls that change a process, or that start and end processes, on each
// CPU it is given, as that user, at nice 5.
// usage: storm KIND SECONDS LEAST MOST UID CPU...     KIND: chdir, bomb, exec, users, setuid, setsid, capset, setpgid, unshare,
// events, threads, children, shared, crowd, requests
// Prints a line when it has made LEAST rounds. Ends after that time or MOST rounds, or by SIGTERM, and prints the number of rounds. At
// most BOMB processes run at a time.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NICE = 5, BOMB = 300, CROWD = 100, CROWD_OPENS = 25, ENVIRONMENT = 3000, REQUESTS = 64 };
enum { FIRST_OPENED = 16 };  // its own files have lower numbers

#define OPENED "/nonexistent/storm"

static const char *program;

// Of all its processes.
static struct {
  double deadline;
  unsigned long rounds, least, most;
} *shared;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static int is_over(void) {
  return shared->rounds >= shared->most || now() > shared->deadline;
}

static void end(int signal) {
  (void)signal;
  shared->deadline = 0;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void count_round(void) {
  if (__atomic_add_fetch(&shared->rounds, 1, __ATOMIC_RELAXED) == shared->least && write(STDOUT_FILENO, "\n", 1) != 1) die("stdout");
}

static void await(pid_t child) {
  if (child < 0) return;  // as many as the limit allows
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR);
}

static void change_directory(void) {
  static int round;
  if (chdir(round++ % 2 ? "/usr" : "/etc") != 0) die("chdir");
}

// Each process starts two, and so do these.
static void grow(void) {
  if (is_over()) _exit(0);
  pid_t children[2];
  for (int i = 0; i < 2; i++) {
    children[i] = fork();
    if (children[i] == 0) grow();
    if (children[i] > 0) count_round();
  }
  for (int i = 0; i < 2; i++) await(children[i]);
  _exit(0);
}

static void bomb(void) {
  pid_t child = fork();
  if (child == 0) grow();
  await(child);
}

static void execute(void) {
  static char variable[ENVIRONMENT];
  if (!variable[0]) {
    memset(variable, 'x', sizeof variable - 1);
    memcpy(variable, "STORM=", 6);
  }
  pid_t child = vfork();
  if (child == 0) {
    execle(program, program, NULL, (char *[]){variable, NULL});
    _exit(1);
  }
  await(child);
}

// The same, each by a user of its own: as root in a container may do.
static void execute_as_another(void) {
  static unsigned user = 100000;
  pid_t child = fork();
  user++;
  if (child == 0) {
    if (setresuid(user, user, user) != 0) die("setresuid");
    execute();
    _exit(0);
  }
  await(child);
}

static void set_user(void) {
  if (setuid(getuid()) != 0) die("setuid");
}

static void start_session(void) {
  pid_t child = fork();
  if (child == 0) {
    setsid();
    _exit(0);
  }
  await(child);
}

// In a user namespace of its own it has all capabilities, to put down and take up again.
static void set_capabilities(void) {
  static int round;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) die("capget");
  for (int i = 0; i < 2; i++) data[i].effective = round % 2 ? data[i].permitted : 0;
  round++;
  if (syscall(SYS_capset, &header, data) != 0) die("capset");
}

static void set_group(void) {
  static int round;
  if (setpgid(0, round++ % 2 ? 0 : getpgid(getppid())) != 0) die("setpgid");
}

static void leave_files(void) {
  if (unshare(CLONE_FS) != 0) die("unshare");
}

// Each change has an event, which needs an image of the process as it is then.
static void change_and_open(void) {
  change_directory();
  open(OPENED, O_RDONLY);  // there is no such file
}

static int act_apart(void *unused) {
  (void)unused;
  change_and_open();
  return 0;
}

// A thread with a directory of its own has images of its own.
static void start_thread(void) {
  static char stack[1 << 16] __attribute__((aligned(16)));
  static int living;
  int flags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID;
  __atomic_store_n(&living, 1, __ATOMIC_SEQ_CST);
  if (clone(act_apart, stack + sizeof stack, flags, NULL, NULL, NULL, &living) < 0) die("clone");
  while (__atomic_load_n(&living, __ATOMIC_SEQ_CST)) syscall(SYS_futex, &living, FUTEX_WAIT, 1, NULL);
}

static void start_child(void) {
  pid_t child = fork();
  if (child == 0) {
    change_and_open();
    _exit(0);
  }
  await(child);
}

// Two processes with one directory, so that each change is one of both.
static void change_and_open_beside_another(void) {
  static pid_t other;
  if (!other) {
    other = syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
    if (other < 0) die("clone");
    if (other == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      other = -1;
    }
  }
  change_and_open();
}

// Many processes take turns, each with hardly any events in a ring. There are fewer where the limit allows no more.
static void open_in_crowd(void) {
  static int crowd;  // 0: not made; 1: this process has made it; -1: this is one of the others
  for (int others = CROWD - 1; others && !crowd; others--) {
    pid_t other = fork();
    if (other < 0) break;
    if (other == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      crowd = -1;
    }
  }
  if (!crowd) crowd = 1;
  for (int i = 0; i < CROWD_OPENS; i++) open(OPENED, O_RDONLY);  // there is no such file
  sched_yield();
}

static struct {
  int fd;
  unsigned *tail, *array, mask;
  struct io_uring_sqe *requests;
  pid_t other;  // submits to it as well
} ring;

static void make_ring(void) {
  struct io_uring_params made = {0};
  ring.fd = syscall(SYS_io_uring_setup, REQUESTS, &made);
  if (ring.fd < 0) die("io_uring_setup");
  size_t size = made.sq_off.array + made.sq_entries * sizeof *ring.array;
  char *queue = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQ_RING);
  ring.requests = mmap(NULL, made.sq_entries * sizeof *ring.requests, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQES);
  if (queue == MAP_FAILED || ring.requests == MAP_FAILED) die("mmap");
  ring.tail = (unsigned *)(queue + made.sq_off.tail);
  ring.array = (unsigned *)(queue + made.sq_off.array);
  ring.mask = *(unsigned *)(queue + made.sq_off.ring_mask);
}

// The same request so many times, without completions.
static void submit(struct io_uring_sqe request, unsigned count) {
  unsigned tail = *ring.tail;
  request.flags |= IOSQE_CQE_SKIP_SUCCESS;
  for (unsigned i = 0; i < count; i++, tail++) {
    ring.requests[tail & ring.mask] = request;
    ring.array[tail & ring.mask] = tail & ring.mask;
  }
  __atomic_store_n(ring.tail, tail, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring.fd, count, 0, 0, NULL, 0) != (long)count) die("io_uring_enter");
}

// Submits something to the ring of its parent after each of its turns, when that has nothing of its own under way.
static void submit_after(int turns, int done) {
  char turn;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (read(turns, &turn, 1) == 1) {
    usleep(1000);
    submit((struct io_uring_sqe){.opcode = IORING_OP_NOP}, 1);
    if (write(done, &turn, 1) != 1) break;
  }
  _exit(0);
}

// Opens with long paths that complete silently: another process of the ring has their events made.
static void request_opens(void) {
  static char path[4090] = "/etc/";
  static int turns[2], done[2];
  char turn = 0;
  if (!path[5]) {
    while (strlen(path) < 4000) strcat(path, "./");
    strcat(path, "passwd");
    make_ring();
    if (pipe(turns) != 0 || pipe(done) != 0) die("pipe");
    ring.other = fork();
    if (ring.other < 0) die("fork");
    if (ring.other == 0) submit_after(turns[0], done[1]);
  }
  submit((struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)path, .flags = IOSQE_ASYNC}, REQUESTS);
  if (write(turns[1], &turn, 1) != 1 || read(done[0], &turn, 1) != 1) die("the other process of the ring");
  close_range(FIRST_OPENED, ~0u, 0);
}

static const struct kind {
  const char *name;
  void (*round)(void);
} kinds[] = {
    {"chdir", change_directory}, {"bomb", bomb},          {"exec", execute},     {"users", execute_as_another}, {"setuid", set_user},
    {"setsid", start_session},   {"capset", set_capabilities}, {"setpgid", set_group}, {"unshare", leave_files}, {"events", change_and_open},
    {"threads", start_thread}, {"children", start_child}, {"shared", change_and_open_beside_another}, {"crowd", open_in_crowd},
    {"requests", request_opens},
};

static void loop(const struct kind *kind, int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) die("sched_setaffinity");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (kind->round == set_capabilities && unshare(CLONE_NEWUSER) != 0) die("unshare(CLONE_NEWUSER)");
  while (!is_over()) {
    kind->round();
    count_round();
  }
  if (ring.other > 0) kill(ring.other, SIGKILL);
  while (wait(NULL) > 0);
  _exit(0);
}

static void become(int uid) {
  struct rlimit processes = {BOMB, BOMB};
  if (setrlimit(RLIMIT_NPROC, &processes) != 0) die("setrlimit");
  if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0) die("setresuid");
  if (prctl(PR_SET_DUMPABLE, 1) != 0) die("prctl");
}

// What continues is the first process in it, with which all others would end.
static void enter_pid_namespace(void) {
  int status;
  if (unshare(CLONE_NEWPID) != 0) die("unshare(CLONE_NEWPID)");
  pid_t first = fork();
  if (first < 0) die("fork");
  if (first == 0) return;
  while (waitpid(first, &status, 0) < 0 && errno == EINTR);
  exit(status != 0);
}

int main(int argc, char **argv) {
  if (argc < 2) return 0;  // a program of the storm of execs
  if (argc < 7) {
    fputs("usage: storm KIND SECONDS LEAST MOST UID CPU...\n", stderr);
    return 2;
  }
  const struct kind *kind = NULL;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!strcmp(kinds[i].name, argv[1])) kind = &kinds[i];
  if (!kind) die(argv[1]);
  program = argv[0];
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) die("mmap");
  shared->deadline = now() + atof(argv[2]);
  shared->least = strtoul(argv[3], NULL, 10);
  shared->most = strtoul(argv[4], NULL, 10);
  signal(SIGTERM, end);
  if (nice(NICE) < 0) die("nice");
  become(atoi(argv[5]));
  if (kind->round == execute_as_another) enter_pid_namespace();
  int failed = 0, status;
  for (int i = 6; i < argc; i++) {
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) loop(kind, atoi(argv[i]));
  }
  while (wait(&status) > 0 || errno == EINTR) failed |= status != 0;
  printf("%lu\n", shared->rounds);
  return failed;
}
