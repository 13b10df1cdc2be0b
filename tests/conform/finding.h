/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A finding is one thing that a kernel did wrong: which check saw it, where, and what a person needs to debug it. Plain
 * data without pointers: it crosses from the child that ran the kernel to its parent.
 */
#ifndef CONFORM_FINDING_H
#define CONFORM_FINDING_H

#include "tests/conform/spec.h"

/* The checks, CHECK(name, word): the word is what reports and tests/mutants/mutants.def say. */
#define CHECKS(CHECK)                                                                                              \
	CHECK(BITS, "bits")                         /* an output differs from the canonical bits */                \
	CHECK(UNWRITTEN, "unwritten")               /* an output still holds the poison */                         \
	CHECK(STATUS, "status")                     /* the return value */                                         \
	CHECK(ORACLE, "oracle")                     /* outside the bound derived in docs/NUMERICS.md */            \
	CHECK(EXACT_SUM, "exact-sum")               /* wrong although no sum has a rounding, whatever its order */ \
	CHECK(ALARM, "alarm")                       /* more error than independent roundings add up to */          \
	CHECK(LAW, "law")                           /* what a spec says of a call beside its outputs */            \
	CHECK(LAW_REPETITION, "law-repetition")     /* the same call has other bits */                             \
	CHECK(LAW_ALIGNMENT, "law-alignment")       /* ... at other addresses */                                   \
	CHECK(LAW_PERMUTATION, "law-permutation")   /* ... with its rows or elements in another order */           \
	CHECK(LAW_SYMMETRY, "law-symmetry")         /* ... with the two sides exchanged */                         \
	CHECK(LAW_SCALING, "law-scaling")           /* ... scaled by a power of two */                             \
	CHECK(LAW_DIVISION, "law-division")         /* ... divided among threads */                                \
	CHECK(LAW_IDENTITY, "law-identity")         /* what changes nothing changed something */                   \
	CHECK(LAW_MONOTONY, "law-monotony")         /* more of the one is not less of the other */                 \
	CHECK(LAW_ALGEBRA, "law-algebra")           /* of deltas */                                                \
	CHECK(LAW_ROUND_TRIP, "law-round-trip")     /* there and back again is elsewhere */                        \
	CHECK(LAW_CONTINUATION, "law-continuation") /* two steps are not one after the other */                    \
	CHECK(LAW_LAYOUT, "law-layout")             /* another layout of the same graph */                         \
	CHECK(READ, "read")                         /* read outside a buffer */                                    \
	CHECK(WRITE, "write")                       /* wrote outside a buffer */                                   \
	CHECK(INPUT, "input")                       /* wrote to an input */                                        \
	CHECK(CRASH, "crash")                                                                                      \
	CHECK(EXIT, "exit") /* ended the process */                                                                \
	CHECK(HANG, "hang")                                                                                        \
	CHECK(REGISTERS, "registers") /* callee-saved ones */                                                      \
	CHECK(STACK, "stack")         /* of the caller */                                                          \
	CHECK(DIRECTION, "direction-flag")                                                                         \
	CHECK(FLOAT_CONTROL, "float-control") /* MXCSR, FPCR */                                                    \
	CHECK(X87, "x87")                     /* registers left in use */                                          \
	CHECK(UPPER_HALVES, "upper-halves")   /* a vzeroupper is missing */                                        \
	CHECK(ERRNO, "errno")                                                                                      \
	CHECK(STATE, "state")     /* memory of its own changed */                                                  \
	CHECK(HEAP, "heap")       /* memory was allocated or freed */                                              \
	CHECK(SIGNALS, "signals") /* a handler or the mask changed */                                              \
	CHECK(DESCRIPTORS, "descriptors")                                                                          \
	CHECK(THREADS, "threads")                                                                                  \
	CHECK(PROCESSES, "processes") /* started, replaced or signalled one */                                     \
	CHECK(ENVIRONMENT, "environment")                                                                          \
	CHECK(PROCESS, "process") /* folder, limits, timers, umask, rights */                                      \
	CHECK(LOAD, "load")       /* could not be loaded */                                                        \
	CHECK(OPCODE, "opcode")   /* an instruction beyond the declared features */                                \
	CHECK(VACUITY, "vacuity") /* nothing was run: a fault of the harness */

enum check {
	CHECK_NONE,
#define CHECK(name, word) CHECK_##name,
	CHECKS(CHECK)
#undef CHECK
};

const char *name_check(enum check check);

/* One line of the lane table. */
struct lane {
	size_t index;
	enum element element;
	uint64_t got, want; /* bits */
	double oracle;      /* a float's; NaN where there is none */
	bool has_oracle;
};

enum { LANES_MAX = 8 };

struct finding {
	enum check check;
	int kernel; /* index */
	struct point point;
	uint64_t seed;
	char text[240];  /* "scores[3] is 1 ulp too high" */
	char buffer[32]; /* of the lanes */
	struct lane lane[LANES_MAX];
	size_t lanes;
};

/* Sets check and text, if nothing was found before; returns false, so that a check can end with it. */
__attribute__((format(printf, 3, 4))) bool find(struct finding *finding, enum check check, const char *format, ...);

#endif
