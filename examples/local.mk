# SPDX-License-Identifier: MIT OR Apache-2.0
# What operators start from, installed as it lies here. The host and the plugin are the client and the backend of
# installcheck; readme_test.sh compares them with the README.
examplesdir = $(docdir)/examples
dist_examples_DATA = examples/host.c examples/plugin.c
prometheusdir = $(examplesdir)/prometheus
dist_prometheus_DATA = examples/prometheus/prometheus.yml examples/prometheus/tenon.rules.test.yml \
	examples/prometheus/tenon.rules.yml
grafanadir = $(examplesdir)/grafana
dist_grafana_DATA = examples/grafana/tenon.json
systemddir = $(examplesdir)/systemd
dist_systemd_DATA = examples/systemd/tenon-host.ini examples/systemd/tenon-host.service
kubernetesdir = $(examplesdir)/kubernetes
dist_kubernetes_DATA = examples/kubernetes/tenon-host.yaml
