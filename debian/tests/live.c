/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host for the test of the packages: computes and compares until SIGTERM. Prints "ready PID", then "calls N wrong N".
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <tenon/tenon.h>
#include <unistd.h>

#define DIM 100
#define COUNT 16
#define CALLS_MAX 2000000000u /* a forgotten host ends by itself */

static volatile sig_atomic_t told_to_stop;

static void take_order(int number)
{
	(void)number;
	told_to_stop = 1;
}

int main(int argc, char **argv)
{
	static float query[DIM], rows[COUNT * DIM], scores[COUNT], expected[COUNT];
	struct tenon_inner_product_args args = {query, rows, COUNT, DIM, DIM, expected};
	unsigned calls = 0, wrong = 0;

	for (int i = 0; i < DIM; i++)
		query[i] = (float)(i % 7) / 3 - 1;
	for (int i = 0; i < COUNT * DIM; i++)
		rows[i] = (float)(i % 11) / 5 - 1;
	signal(SIGTERM, take_order);
	if (argc != 2 || tenon_inner_product(&args) || tenon_open(argv[1]))
		return fprintf(stderr, "%s\n", tenon_error_detail()), 1;
	args.scores = scores;
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	for (; !told_to_stop && calls < CALLS_MAX; calls++)
		wrong += tenon_inner_product(&args) || memcmp(scores, expected, sizeof scores) != 0;
	printf("calls %u wrong %u\n", calls, wrong);
	return tenon_close() || wrong;
}
