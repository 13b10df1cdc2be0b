/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plugin of qemu that counts instructions as they are executed, and prints, at each end mark, how many there have
 * been since the begin mark. Built for the machine that runs qemu, by count-instructions; Debian has no header for it,
 * so the part of qemu's plugin interface that it needs is declared here.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "marks.h"

#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION 1 /* of the interface; qemu refuses what it does not know */
#endif
#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb; /* a block of instructions that is executed as a whole */
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*)(uint64_t id, struct qemu_plugin_tb *tb));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*)(unsigned vcpu, void *context),
						 int flags, void *context);
extern void qemu_plugin_register_vcpu_syscall_cb(uint64_t id,
						 void (*)(uint64_t id, unsigned vcpu, int64_t number, uint64_t a1,
							  uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
							  uint64_t a6, uint64_t a7, uint64_t a8));
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

static uint64_t executed;

static void enter_block(unsigned vcpu, void *instructions)
{
	(void)vcpu;
	executed += (uintptr_t)instructions;
}

static void translate_block(uint64_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, enter_block, 0, (void *)(uintptr_t)qemu_plugin_tb_n_insns(tb));
}

static void see_system_call(uint64_t id, unsigned vcpu, int64_t number, uint64_t mark, uint64_t a2, uint64_t a3,
			    uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
	(void)id, (void)vcpu, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
	if (number != MARK)
		return;
	if (mark == MARK_END) {
		printf("%llu\n", (unsigned long long)executed);
		fflush(stdout);
	}
	executed = 0;
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info, (void)argc, (void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate_block);
	qemu_plugin_register_vcpu_syscall_cb(id, see_system_call);
	return 0;
}
