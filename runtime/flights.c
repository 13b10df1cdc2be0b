/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the places of flight records and the files that are made of them; flights.h says who may call what. A place is
 * anybody's who moves its state from empty, or from waiting, to busy; nobody waits for one.
 */
#define _GNU_SOURCE
#include "build.h"

#include "runtime/flights.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum state { PLACE_EMPTY, PLACE_BUSY, PLACE_WAITING };

struct place {
	_Atomic unsigned state;
	_Atomic uint64_t number; /* of the record: larger is later */
	size_t size;
	unsigned char *memory;
};

static struct place places[FLIGHT_PLACES];
static _Atomic size_t room; /* of each; 0: not prepared */
static _Atomic uint64_t recorded, lost;
static _Atomic int announced;
static char cpu_model[64];

int prepare_flights(size_t size, const char *cpu, struct why *why)
{
	if (atomic_load(&room))
		return TENON_OK;
	size = size < FLIGHT_ROOM_LEAST ? FLIGHT_ROOM_LEAST : (size + 63) / 64 * 64;
	unsigned char *memory = mmap(NULL, FLIGHT_PLACES * size, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return explain(why, TENON_ENOMEM, "flight records: no %zu bytes of address space for %d of them",
			       FLIGHT_PLACES * size, FLIGHT_PLACES);
	snprintf(cpu_model, sizeof cpu_model, "%s", cpu);
	for (size_t i = 0; i < FLIGHT_PLACES; i++)
		places[i].memory = memory + i * size;
	atomic_store(&room, size);
	return TENON_OK;
}

/* ---- Recording --------------------------------------------------------------------------------------------------- */

static bool claim(struct place *place, unsigned from)
{
	return atomic_compare_exchange_strong(&place->state, &from, PLACE_BUSY);
}

static struct place *find_oldest(void)
{
	struct place *oldest = NULL;
	for (size_t i = 0; i < FLIGHT_PLACES; i++)
		if (atomic_load(&places[i].state) == PLACE_WAITING &&
		    (!oldest || atomic_load(&places[i].number) < atomic_load(&oldest->number)))
			oldest = &places[i];
	return oldest;
}

/* An empty one, or that of the oldest record; NULL when others are at all of them. */
static struct place *claim_place(void)
{
	for (size_t i = 0; i < FLIGHT_PLACES; i++)
		if (claim(&places[i], PLACE_EMPTY))
			return &places[i];
	for (int tries = 0; tries < FLIGHT_PLACES; tries++) {
		struct place *oldest = find_oldest();
		if (oldest && claim(oldest, PLACE_WAITING))
			return oldest;
	}
	return NULL;
}

static uint64_t read_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void announce_flight(void)
{
	atomic_fetch_add(&announced, 1);
}

void forget_flight(void)
{
	atomic_fetch_sub(&announced, 1);
}

bool record_flight(const struct flight_facts *given, const struct flight_call *call)
{
	int saved = errno; /* the host's: this is a kernel call */
	struct flight_facts facts = *given;
	struct place *place = atomic_load(&room) ? claim_place() : NULL;
	if (!place) {
		atomic_fetch_add(&lost, 1);
		forget_flight();
		return false;
	}
	facts.cpu = cpu_model;
	facts.program = program_invocation_short_name;
	facts.process = (uint64_t)getpid();
	facts.thread = (uint64_t)syscall(SYS_gettid);
	facts.core = (uint64_t)sched_getcpu();
	facts.time = read_clock();
	place->size = write_flight(&facts, call, place->memory, atomic_load(&room));
	atomic_store(&place->number, atomic_fetch_add(&recorded, 1));
	atomic_store(&place->state, PLACE_WAITING);
	forget_flight();
	errno = saved;
	return true;
}

/* ---- In memory --------------------------------------------------------------------------------------------------- */

unsigned count_flights(void)
{
	unsigned count = 0;
	for (size_t i = 0; i < FLIGHT_PLACES; i++)
		count += atomic_load(&places[i].state) == PLACE_WAITING;
	return count;
}

uint64_t count_recorded_flights(void)
{
	return atomic_load(&recorded);
}

uint64_t count_lost_flights(void)
{
	return atomic_load(&lost);
}

/* The waiting record that has `number` older ones. */
static struct place *find_waiting(unsigned number)
{
	for (size_t i = 0; i < FLIGHT_PLACES; i++) {
		unsigned older = 0;
		for (size_t k = 0; k < FLIGHT_PLACES; k++)
			older += atomic_load(&places[k].state) == PLACE_WAITING &&
				 atomic_load(&places[k].number) < atomic_load(&places[i].number);
		if (atomic_load(&places[i].state) == PLACE_WAITING && older == number)
			return &places[i];
	}
	return NULL;
}

size_t copy_flight(unsigned number, void *to, size_t size)
{
	struct place *place = find_waiting(number);
	if (!place || !claim(place, PLACE_WAITING))
		return 0;
	size_t copied = place->size <= size ? place->size : 0;
	memcpy(to, place->memory, copied);
	atomic_store(&place->state, PLACE_WAITING);
	return copied;
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static bool is_flight(const char *name)
{
	size_t length = strlen(name), suffix = strlen(FLIGHT_SUFFIX);
	return strncmp(name, "flight-", 7) == 0 && length > suffix &&
	       strcmp(name + length - suffix, FLIGHT_SUFFIX) == 0;
}

static bool is_older(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec < b->st_mtim.tv_sec
						      : a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* Counts the records in the folder, and which one is the oldest. */
static unsigned look_for_oldest(int folder, char oldest[NAME_MAX + 1])
{
	struct stat status, least = {0};
	unsigned count = 0;
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	if (!stream) {
		if (copy >= 0)
			close(copy);
		return 0;
	}
	for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
		if (!is_flight(entry->d_name) || fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(status.st_mode))
			continue;
		if (count++ && !is_older(&status, &least))
			continue;
		least = status;
		strcpy(oldest, entry->d_name);
	}
	closedir(stream);
	return count;
}

static void prune(int folder)
{
	char oldest[NAME_MAX + 1];
	while (look_for_oldest(folder, oldest) > FLIGHT_PLACES)
		if (unlinkat(folder, oldest, 0))
			return;
}

static bool write_all(int file, const unsigned char *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(file, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

/* Under a name that no file has: an earlier process may have had this one's id. False with errno. */
static bool write_place(int folder, const struct place *place, char name[64])
{
	static const char temporary[] = ".flight.new";
	(void)unlinkat(folder, temporary, 0); /* of a process that was killed */
	int file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		return false;
	bool good = write_all(file, place->memory, place->size) && fsync(file) == 0;
	good = close(file) == 0 && good;
	for (uint64_t n = atomic_load(&place->number); good; n++) {
		snprintf(name, 64, "flight-%lld-%llu" FLIGHT_SUFFIX, (long long)getpid(), (unsigned long long)n);
		good = linkat(folder, temporary, folder, name, 0) == 0;
		if (good || errno != EEXIST)
			break;
		good = true;
	}
	int saved = errno;
	(void)unlinkat(folder, temporary, 0);
	errno = saved;
	return good;
}

static int write_waiting(int folder, const char *path, flight_written_fn *tell, void *user, struct why *why)
{
	char name[64], whole[PATH_MAX + 65];
	for (struct place *place; (place = find_waiting(0)) != NULL;) {
		if (!claim(place, PLACE_WAITING))
			continue;
		bool good = write_place(folder, place, name);
		atomic_store(&place->state, good ? PLACE_EMPTY : PLACE_WAITING);
		if (!good)
			return explain(why, TENON_ESYSTEM, "flight record: cannot write to %s: %s; it stays in memory",
				       path, strerror(errno));
		snprintf(whole, sizeof whole, "%s/%s", path, name);
		tell(user, whole);
	}
	return TENON_OK;
}

/* Its calls may have ended in another thread's longjmp: nobody waits for ever. */
static void await_announced(void)
{
	for (int i = 0; i < 1000 && atomic_load(&announced) > 0; i++)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
}

int write_flights(const char *path, flight_written_fn *tell, void *user, struct why *why)
{
	await_announced();
	if (!count_flights())
		return TENON_OK;
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return explain(why, TENON_ESYSTEM, "flight record: cannot open %s: %s; it stays in memory", path,
			       strerror(errno));
	int status = write_waiting(folder, path, tell, user, why);
	prune(folder);
	close(folder);
	return status;
}

void restart_flights(void)
{
	atomic_store(&announced, 0);
	for (size_t i = 0; i < FLIGHT_PLACES; i++)
		atomic_store(&places[i].state, PLACE_EMPTY);
}
