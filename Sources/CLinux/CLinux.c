#define _GNU_SOURCE
#include "CLinux.h"
#include <pthread.h>

int linux_accept4(int fd, struct sockaddr *address, socklen_t *length) {
  return accept4(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void linux_set_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }

int linux_spawn(pid_t *pid, const char *folder, char *const arguments[], char *const environment[],
                const int streams[3]) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) return error;
  error = posix_spawnattr_init(&attributes);
  if (error != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return error;
  }
  for (int number = 0; number < 3 && error == 0; number++)
    error = posix_spawn_file_actions_adddup2(&actions, streams[number], number);
  // Not even a descriptor that another thread has opened just now may reach the program.
  if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  if (error == 0) error = posix_spawn_file_actions_addchdir_np(&actions, folder);
  if (error == 0) error = posix_spawnattr_setsigmask(&attributes, &none);
  if (error == 0) error = posix_spawnattr_setsigdefault(&attributes, &all);
  if (error == 0) error = posix_spawnattr_setpgroup(&attributes, 0);
  if (error == 0)
    error = posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  if (error == 0) error = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

static struct rlimit descriptors_before = {0};

void linux_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  descriptors_before = limit;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int linux_limit_memory(pid_t pid, unsigned long bytes) {
  if (descriptors_before.rlim_cur != 0) prlimit(pid, RLIMIT_NOFILE, &descriptors_before, NULL);
  struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
  return prlimit(pid, RLIMIT_DATA, &limit, NULL);
}

// Called by number: the C library has had a function of this name since 2.36 only.
int linux_open_process(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
