// The ways of disguise.c, a file for each kind, and what they share.
#pragma once

#include <sys/prctl.h>
#include <sys/types.h>

// steps.c
void open_file(const char *path);
void write_text(const char *path, const char *text);
void wait_for(pid_t child);
void wait_for_input(void);

// memory-map.c
struct prctl_mm_map known_memory(void);
void set_memory(struct prctl_mm_map map);

// arguments.c
void move_arguments(void);
void overwrite_arguments(char **arguments);
void share_memory(char *path);

// executable.c
void open_replaced(const char *path, const char *trusted);

// reopen.c
void open_mapped(const char *path);
void be_notified(const char *path);

// given-descriptor.c
void supervise(const char *path, const char *innocent);
void give_input(char *path, char *mark);

// control-group.c
void open_in_group(const char *path, const char *place, const char *name);

// unanswered.c
void mount_unanswered(const char *place);
void stall_readers(const char *place);

// changing-link.c
void follow_changing_link(const char *first, const char *second,
                          const char *place);

// mappings.c
void change_mappings(void);

// registered.c
void run_registered(char *path, const char *interpreter, const char *place);

// mapped-program.c
void run_mapped(const char *path, char *mark, int of_segment);
