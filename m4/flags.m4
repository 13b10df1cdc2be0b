# SPDX-License-Identifier: LGPL-2.1-or-later
# TENON_IF_COMPILES(FLAG, COMMANDS), TENON_IF_LINKS(FLAG, COMMANDS): COMMANDS if the compiler (and linker) take the flag.
AC_DEFUN([TENON_IF_COMPILES], [
  AC_MSG_CHECKING([whether $CC takes $1])
  tenon_saved=$CFLAGS
  CFLAGS="$CFLAGS -Werror $1"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])
    $2], [AC_MSG_RESULT([no])])
  CFLAGS=$tenon_saved
])
AC_DEFUN([TENON_IF_LINKS], [
  AC_MSG_CHECKING([whether the linker takes $1])
  tenon_saved=$LDFLAGS
  LDFLAGS="$LDFLAGS $1"
  AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])
    $2], [AC_MSG_RESULT([no])])
  LDFLAGS=$tenon_saved
])
# TENON_VZEROUPPER: code for AVX that leaves the upper halves dirty slows down the SSE code of the host, and fails verification.
# gcc inserts vzeroupper only when it optimises, and never for size; gcc 12 forgets it between vectors and return where a local
# function is called whose registers it knows (-fipa-ra).
AC_DEFUN([TENON_VZEROUPPER], [
  AC_MSG_CHECKING([what makes $CC insert vzeroupper])
  AC_LANG_CONFTEST([AC_LANG_SOURCE([[#include <immintrin.h>
    static inline __attribute__((always_inline)) void add(float *a)
    { _mm256_storeu_ps(a, _mm256_add_ps(_mm256_loadu_ps(a), _mm256_set1_ps(1))); }
    static __attribute__((noinline)) int next(const int *b) { return *b + 1; }
    void f(float *a) { add(a); }
    int g(float *a, const int *b) { add(a); return next(b) * 2; }]])])
  tenon_found=no
  for VZEROUPPER_CFLAGS in '' -fno-ipa-ra -fexpensive-optimizations '-fexpensive-optimizations -fno-ipa-ra'; do
    AS_IF([test "`$CC -O3 -mavx2 $VZEROUPPER_CFLAGS $CPPFLAGS $CFLAGS -fno-lto -S -o - conftest.c 2>&AS_MESSAGE_LOG_FD |
      grep -c vzeroupper`" = 2], [tenon_found=yes; break])
  done
  AS_IF([test $tenon_found = no],
    [AC_MSG_RESULT([nothing])
    AC_MSG_ERROR([$CC inserts no vzeroupper with CFLAGS '$CFLAGS', but backends for AVX need it: use -O2 instead of -Os and without -fno-expensive-optimizations, or --without-avx2 --without-avx512])])
  AC_MSG_RESULT([${VZEROUPPER_CFLAGS:-nothing more}])
])
