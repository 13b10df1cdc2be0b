# SPDX-License-Identifier: LGPL-2.1-or-later
tenonincludedir = $(includedir)/tenon
tenoninclude_HEADERS = include/tenon/tenon.h include/tenon/backend.h include/tenon/kernels.def include/tenon/status.def
