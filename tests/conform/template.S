/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The part of every reproducer that is the same, as a string: a C file of the source tree, so that it is read, compiled and
 * checked as one.
 */
	.section .rodata
	.globl reproducer_template
	.hidden reproducer_template
reproducer_template:
	.incbin "tests/conform/reproducer/template.c"
	.byte 0
	.section .note.GNU-stack, "", %progbits
