// What the parts of act share.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct io_uring_sqe;

enum { LAST_STEP = -1 };

// Set in the environment of @pretend's program: act then ends at once, whatever its arguments.
#define PRETENCE "WASPREY_ACT_PRETENDS"

// Ends act with a message: a step is invalid or impossible.
[[noreturn]] void die(const char* format, ...);
// Nanoseconds since the epoch.
long long now(void);
// Adds to the line that say_line() writes out.
void say(const char* format, ...);
// Adds what fstat, /proc and the socket report about a descriptor; nothing if it is invalid.
void say_descriptor(int fd);
// Begins a line with the thread's ids and CPU.
void say_where(const char* call);
// Ends the line and writes it.
void say_line(void);
// The value of a word, as a register holds it.
long argument(const char* text);
// Result of a finished step; LAST_STEP for the latest.
long step_result(int step);

// process.c: these return in the process that continues, or not at all.

// In a child of that number (0: any); its parent ends with the child's status, after all its descendants.
void hand_over_to_child(pid_t number);
// In a child whose parent has ended.
void become_orphan(void);
// In a child of its own parent; the caller ends.
void become_sibling(void);
// In a child with a session and a controlling terminal of its own.
void enter_terminal(void);
void on_cpu(int number);
void become_user(unsigned number);
// In a new network namespace, whose loopback device has that IPv4 address; in the current one if that is not
// permitted.
void enter_network(const char* address);
// As the program at a path, called with a name and the remaining words.
[[noreturn]] void go_on_as(const char* path, const char* name, char** rest);
// As act again, through a link or a copy made at that path.
[[noreturn]] void go_on_as_link(const char* path, char** rest);
[[noreturn]] void go_on_as_copy(const char* path, char** rest);
// Runs a program found in PATH to its end, with no input and no output; its status does not matter.
void spawn(char** list);
// The same with a link to act at that path, which does nothing.
void pretend(char** list);

// Calls made in other ways than by the system call of that name (see act.c); results are the kernel's.
long call_by_ring(const char* name, const char* how, const long* arguments);
// Makes the request of io_uring for it, but for its user_data; false if there is none.
bool fill_request(struct io_uring_sqe* to, const char* name, const long* arguments);
long call_by_interrupt(const char* name, const char* how, const long* arguments);
long call_by_socketcall(const char* name, const char* how, const long* arguments);

// race.c: memory of that size, with the bytes of `first` until the kernel has read all but its end, then with the
// bytes of `other`; NULL: the part that was read is unmapped then.
void* raced(const char* first, size_t size, const char* other);

// turns.c: the steps of two tasks, by the number of their first word.
void begin_turns(void);
// Waits for the first task's turn; returns where to go on.
int await_turn(void);
void become_second(void);
// The other task goes on there; returns where this one does when its turn has come again.
int switch_turns(int at);
// The second task has come to the end: the first one goes on there.
void finish_turns(int at);
// A child with the same directories (CLONE_FS) becomes the second task: 0 there, its number here.
int share_directories(void);

// refuse.c: a filter of seccomp(2) refuses the native call of that number from here on, with EPERM.
void refuse_call(long number);

// files.c: removes a file or folder with its contents; a missing one is not an error.
void remove_tree(const char* path);
