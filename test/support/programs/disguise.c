// Reaches a file or runs a program in ways that hide who does it, or what.
// Arguments: the way, then what it needs; what comes behind that is only in the
// command line. disguise/ has the ways.
#define _GNU_SOURCE
#include "disguise/disguise.h"
#include <err.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int count, char **arguments) {
  if (count < 3)
    errx(2, "which way, and what?");
  const char *way = arguments[1];
  char *what = arguments[2];
  if (!strcmp(way, "no-arguments")) {
    execve(what, (char *[]){NULL}, environ);
    err(1, "%s", what);
  }
  if (!strcmp(way, "moved-arguments")) {
    move_arguments();
    open_file(what);
  } else if (!strcmp(way, "overwritten-arguments")) {
    overwrite_arguments(arguments);
    open_file(what);
  } else if (!strcmp(way, "shared-memory")) {
    share_memory(what);
  } else if (!strcmp(way, "mapped")) {
    open_mapped(what);
  } else if (!strcmp(way, "notified")) {
    be_notified(what);
  } else if (!strcmp(way, "supervised") && count > 3) {
    supervise(what, arguments[3]);
  } else if (!strcmp(way, "given-input") && count > 3) {
    give_input(what, arguments[3]);
  } else if (!strcmp(way, "in-group") && count > 4) {
    open_in_group(what, arguments[3], arguments[4]);
  } else if (!strcmp(way, "replaced-executable") && count > 3) {
    open_replaced(what, arguments[3]);
  } else if (!strcmp(way, "stalling") && count > 3) {
    stall_readers(arguments[3]);
    wait_for_input();
    open_file(what);
  } else if (!strcmp(way, "remapping")) {
    change_mappings();
    wait_for_input();
    open_file(what);
  } else if (!strcmp(way, "registered") && count > 4) {
    run_registered(what, arguments[3], arguments[4]);
  } else if (!strcmp(way, "run-mapped") && count > 3) {
    run_mapped(what, arguments[3], 0);
  } else if (!strcmp(way, "run-segment") && count > 3) {
    run_mapped(what, arguments[3], 1);
  } else if (!strcmp(way, "changing-link") && count > 4) {
    follow_changing_link(arguments[3], what, arguments[4]);
  } else if (!strcmp(way, "unanswered")) {
    mount_unanswered(what);
    wait_for_input();
    umount2(what, MNT_DETACH);
  } else {
    errx(2, "no such way: %s", way);
  }
  return 0;
}
