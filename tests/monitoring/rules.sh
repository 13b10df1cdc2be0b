# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The rules of examples/prometheus by promtool, and whether their tests would notice: in each mutant every alert is spoilt in
# one way, and the tests must tell of each alert. Sourced by check-monitoring.sh.
# shellcheck disable=SC2154

# noticed MUTANT: is, for each alert that the mutant has spoilt, that a failure names it.
noticed() {
	run promtool test rules "mutants/$1/tenon.rules.test.yml"
	is "the tests of rules fail if $(cat "mutants/$1/what")" exits 1
	while read -r alert; do
		is "... of $alert" grep -q "alertname=\"$alert\"" out err
	done < "mutants/$1/alerts"
}

check_rules() {
	run promtool check config "$examples/prometheus/prometheus.yml"
	is 'promtool accepts prometheus.yml and its rules' exits 0
	run promtool test rules "$examples/prometheus/tenon.rules.test.yml"
	is 'each alert fires when it should, and only then' exits 0
	run python3 "$monitoring/rules.py" "$examples/prometheus" mutants
	is 'each alert has severity, summary, description and a chapter' exits 0
	is '... which is there' chapters_exist
	for mutant in never always hasty first second; do noticed $mutant; done
	is 'every metric in the rules and their tests exists' names_exist "$examples"/prometheus/tenon.rules*.yml
}

chapters_exist() {
	sed -n 's/.*- alert: //p' "$examples/prometheus/tenon.rules.yml" | while read -r alert; do
		grep -q "^### Alert: $alert\$" "$top_srcdir/docs/OPERATIONS.md" || echo "no chapter of $alert"
	done > err
	empty err
}

# names_exist FILE...: each word tenon_... in them is a metric.
names_exist() {
	: > err
	grep -ohE '\btenon_[a-z_]+' "$@" | sed 's/_\(bucket\|count\|sum\)$//' | sort -u | while read -r name; do
		grep -q "^METRIC(${name#tenon_}," "$top_srcdir/runtime/metrics.def" || echo "$name" >> err
	done
	empty err
}

if ! lacks 'rules' promtool prometheus && ! lacks 'rules' python3 python3-yaml; then check_rules; fi
