# SPDX-License-Identifier: LGPL-2.1-or-later
# The backends. Flags of an ISA reach only its own files; the explicit negatives survive a user's -march=native, which
# comes last on the command line. VECTOR_CFLAGS lets a packager's -O2 vectorise the scalar reference too.

# No crt files: they add constructors, and a plugin with constructors is refused (libtool drops a bare -nostartfiles).
# No stack protector either: on aarch64 its guard lives in the dynamic linker, which a plugin may not need.
PLUGIN_LINK = $(AM_LDFLAGS) $(DEBUG_LDFLAGS) -module -avoid-version -shared -Wl,--build-id=sha1 -Wl,-z,relro -Wl,-z,now
if !SANITIZED
PLUGIN_LINK += -XCClinker -nostartfiles
endif
PLUGIN_LDFLAGS = $(PLUGIN_LINK) -rpath $(backenddir)

SCALAR_CFLAGS = -O3 -ftree-vectorize $(VECTOR_CFLAGS) $(COMMON_CFLAGS) $(BASELINE_CFLAGS)

# The constants of exp, log and crc32c are derived, not typed: tests/exp and tests/crc32c compare.
EXTRA_DIST += backends/shared/exp_coefficients.py backends/shared/log_coefficients.py backends/shared/minimax.py \
	backends/shared/crc32c_tables.py

# Linked into the runtime; cannot fail to load.
noinst_LTLIBRARIES += backends/libscalar.la
backends_libscalar_la_SOURCES = $(SCALAR_FILES) $(SHARED_FILES)
backends_libscalar_la_CFLAGS = $(SCALAR_CFLAGS)

# The same source as a plugin, so that the plugin path can be tested against itself.
backend_LTLIBRARIES += backends/scalar.la
backends_scalar_la_SOURCES = $(SCALAR_FILES)
backends_scalar_la_CPPFLAGS = $(AM_CPPFLAGS) -DTENON_PLUGIN
backends_scalar_la_CFLAGS = $(SCALAR_CFLAGS)
backends_scalar_la_LDFLAGS = $(PLUGIN_LDFLAGS)

# What the backend of an ISA is built with, and the tests and benchmarks of its parts. clang takes -mno-fma after -mavx512f
# for a wish to have neither; gcc keeps to it in any order.
AVX2_CFLAGS = -O3 $(VZEROUPPER_CFLAGS) $(COMMON_CFLAGS) -mavx2 -mbmi -mbmi2 -mlzcnt -mno-fma -mno-avx512f
AVX512_CFLAGS = -O3 $(VZEROUPPER_CFLAGS) $(COMMON_CFLAGS) -mbmi -mbmi2 -mlzcnt -mno-fma -mavx512f -mavx512cd -mavx512bw -mavx512dq -mavx512vl \
	$(BEYOND_AVX512)
# What -march=native may add to x86-64-v4, and compilers then use unasked; a file that needs one of them turns it on again.
BEYOND_AVX512 = -mno-avx512vpopcntdq -mno-avx512bitalg -mno-avx512vbmi -mno-avx512vbmi2 -mno-avx512ifma -mno-avx512vnni \
	-mno-gfni
NEON_CFLAGS = -O3 $(COMMON_CFLAGS)

# A folder of a backend, backends/ISA/FEATURE/, is built with the flags of that feature as well and linked into the backend;
# only entries that need the feature use it. opcodes_test.sh looks at what else the others have.
if BUILD_AVX2
noinst_LTLIBRARIES += backends/libavx2_pclmulqdq.la backends/libavx2_vpclmulqdq.la
backends_libavx2_pclmulqdq_la_SOURCES = $(AVX2_PCLMULQDQ_FILES)
backends_libavx2_pclmulqdq_la_CFLAGS = $(AVX2_CFLAGS) -mpclmul
backends_libavx2_vpclmulqdq_la_SOURCES = $(AVX2_VPCLMULQDQ_FILES)
backends_libavx2_vpclmulqdq_la_CFLAGS = $(AVX2_CFLAGS) -mpclmul -mvpclmulqdq
backend_LTLIBRARIES += backends/avx2.la
backends_avx2_la_SOURCES = $(AVX2_FILES)
backends_avx2_la_CFLAGS = $(AVX2_CFLAGS)
backends_avx2_la_LDFLAGS = $(PLUGIN_LDFLAGS) -Wl,-z,x86-64-v3
backends_avx2_la_LIBADD = backends/libavx2_pclmulqdq.la backends/libavx2_vpclmulqdq.la
else
EXTRA_DIST += $(AVX2_FILES) $(AVX2_PCLMULQDQ_FILES) $(AVX2_VPCLMULQDQ_FILES)
endif

if BUILD_AVX512
noinst_LTLIBRARIES += backends/libavx512_vbmi2.la backends/libavx512_vpclmulqdq.la
backends_libavx512_vbmi2_la_SOURCES = $(AVX512_VBMI2_FILES)
backends_libavx512_vbmi2_la_CFLAGS = $(AVX512_CFLAGS) -mavx512vbmi2 -mavx512vpopcntdq
backends_libavx512_vpclmulqdq_la_SOURCES = $(AVX512_VPCLMULQDQ_FILES)
backends_libavx512_vpclmulqdq_la_CFLAGS = $(AVX512_CFLAGS) -mpclmul -mvpclmulqdq
backend_LTLIBRARIES += backends/avx512.la
backends_avx512_la_SOURCES = $(AVX512_FILES)
backends_avx512_la_CFLAGS = $(AVX512_CFLAGS)
backends_avx512_la_LDFLAGS = $(PLUGIN_LDFLAGS) -Wl,-z,x86-64-v4
backends_avx512_la_LIBADD = backends/libavx512_vbmi2.la backends/libavx512_vpclmulqdq.la
else
EXTRA_DIST += $(AVX512_FILES) $(AVX512_VBMI2_FILES) $(AVX512_VPCLMULQDQ_FILES)
endif

if BUILD_NEON
noinst_LTLIBRARIES += backends/libneon_crc32.la backends/libneon_pmull.la
backends_libneon_crc32_la_SOURCES = $(NEON_CRC32_FILES)
backends_libneon_crc32_la_CFLAGS = $(NEON_CFLAGS) -march=armv8-a+crc
backends_libneon_pmull_la_SOURCES = $(NEON_PMULL_FILES)
backends_libneon_pmull_la_CFLAGS = $(NEON_CFLAGS) -march=armv8-a+crc+crypto
backend_LTLIBRARIES += backends/neon.la
backends_neon_la_SOURCES = $(NEON_FILES)
backends_neon_la_CFLAGS = $(NEON_CFLAGS)
backends_neon_la_LDFLAGS = $(PLUGIN_LDFLAGS)
backends_neon_la_LIBADD = backends/libneon_crc32.la backends/libneon_pmull.la
else
EXTRA_DIST += $(NEON_FILES) $(NEON_CRC32_FILES) $(NEON_PMULL_FILES)
endif

# backenddir holds loadable objects only.
install-data-hook:
	cd $(DESTDIR)$(backenddir) && rm -f $(notdir $(backend_LTLIBRARIES))
	cd $(DESTDIR)$(demodir) && rm -f $(notdir $(demo_LTLIBRARIES))
	cd $(DESTDIR)$(benchdir) && rm -f $(notdir $(bench_LTLIBRARIES))
	cd $(DESTDIR)$(mutantsdir) && rm -f $(notdir $(mutants_LTLIBRARIES))
	for name in $(notdir $(module_LTLIBRARIES)); do rm -f $(DESTDIR)$(moduledir)/$$name; done

# libtool finds what to remove in the .la files, which are gone.
uninstall-hook:
	for name in $(notdir $(backend_LTLIBRARIES:.la=.so)); do rm -f $(DESTDIR)$(backenddir)/$$name; done
	for name in $(notdir $(demo_LTLIBRARIES:.la=.so)); do rm -f $(DESTDIR)$(demodir)/$$name; done
	for name in $(notdir $(bench_LTLIBRARIES:.la=.so)); do rm -f $(DESTDIR)$(benchdir)/$$name; done
	for name in $(notdir $(mutants_LTLIBRARIES:.la=.so)); do rm -f $(DESTDIR)$(mutantsdir)/$$name; done
	for name in $(notdir $(module_LTLIBRARIES:.la=.so)); do rm -f $(DESTDIR)$(moduledir)/$$name; done
