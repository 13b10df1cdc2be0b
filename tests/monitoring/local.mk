# SPDX-License-Identifier: LGPL-2.1-or-later
# About a minute: rules, dashboard, unit and manifests of examples/, tried on live processes. PARTS: some of them.
MONITORING_FILES = tests/monitoring/check-monitoring.sh tests/monitoring/dashboard.py tests/monitoring/kubernetes.py \
	tests/monitoring/kubernetes.sh tests/monitoring/live.sh tests/monitoring/rules.py tests/monitoring/rules.sh \
	tests/monitoring/service.sh
EXTRA_DIST += $(MONITORING_FILES)
EXTRA_PROGRAMS += tests/monitoring/confined
tests_monitoring_confined_SOURCES = tests/monitoring/confined.c
tests_monitoring_confined_LDADD =
CLEANFILES += tests/monitoring/confined$(EXEEXT)
check-monitoring: all tests/hosts/host$(EXEEXT) tests/plugins/hooked.la tests/monitoring/confined$(EXEEXT) $(SOAK_PLUGINS)
	@$(AM_TESTS_ENVIRONMENT) LIBTOOL='$(LIBTOOL)' $(SHELL) $(top_srcdir)/tests/monitoring/check-monitoring.sh $(PARTS)
.PHONY: check-monitoring
