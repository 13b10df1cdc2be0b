/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a control socket lives and who may talk to it. Used by both ends: control.c binds, the tool looks in the same
 * places. Touches files only; knows nothing of threads.
 */
#ifndef RUNTIME_SOCKET_H
#define RUNTIME_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#include "runtime/why.h"

#define SOCKET_PATH_SIZE sizeof(((struct sockaddr_un *)NULL)->sun_path)

/* The folder of `socket = on`: $RUNTIME_DIRECTORY, else $XDG_RUNTIME_DIR/tenon, else /run/tenon. */
int find_socket_folder(char *folder, size_t size, struct why *why);

/* The name of a process's socket in such a folder, and back: 0 for what is not such a name. */
void name_socket(char *name, size_t size, pid_t pid);
pid_t parse_socket_name(const char *name);

/*
 * Binds and listens at setting ("on" or a path), mode 0600 from its creation, close-on-exec and non-blocking. A socket
 * that nobody listens on is replaced, those of dead processes in the same folder are removed. Writes the path to path
 * and returns the descriptor, or a status with why.
 */
int bind_socket(const char *setting, char path[SOCKET_PATH_SIZE], struct why *why);

/* Lets the members of a group connect to a bound socket, or, with -1, nobody but root and our own user. */
int grant_socket(const char *path, int64_t group, struct why *why);

/*
 * May the process at the other end of a connection give orders here? Root, our own user and the members of group (-1: none)
 * may. *uid says who it is.
 */
bool is_trusted_peer(int fd, int64_t group, uid_t *uid);

#endif
