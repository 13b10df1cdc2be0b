/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The faulty plugin: right, unless a call asks it for a deed. inner_product is asked by a query of 7 floats the first of
 * which is 1000 + deed, binding_decay by that rate: the caller's memory is good, so scalar answers such a call.
 */
#ifndef TESTS_FAULTY_H
#define TESTS_FAULTY_H

enum deed {
	DEED_NONE,
	DEED_READ_NULL,
	DEED_WRITE, /* to a constant */
	DEED_ILLEGAL,
	DEED_DIVIDE,   /* by zero; x86 alone faults */
	DEED_MISALIGN, /* with alignment checked, which x86 alone can, and left so */
	DEED_JUMP_NULL,
	DEED_COPY_NULL, /* in the C library's memcpy */
	DEED_RECURSE,   /* until the stack ends */
	DEED_SPOIL,     /* changes all the state that there is, then reads NULL */
	DEED_HALF,      /* writes some of the answer, then reads NULL */
	DEED_BIT,       /* one bit of the last score is wrong */
	DEED_STATUS,    /* the answer is right and called not finite */
	DEEDS
};
#define DEED_BASE 1000
#define DEED_DIM 7

#endif
