# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The manifests of examples/kubernetes: whether they fit together, and a host with their configuration, in a read-only root
# with volumes as a kubelet makes them. It changes the ConfigMap as a kubelet does, and asks what the probes ask after
# everything that must not restart a pod. Sourced by check-monitoring.sh.
# shellcheck disable=SC2154
manifests=$examples/kubernetes/tenon-host.yaml
built=$(cd "$top_builddir" && pwd)

# ---- The manifests ---------------------------------------------------------------------------------------------------

judge_manifests() {
	run python3 "$monitoring/kubernetes.py" "$manifests" pod.ini
	is 'the manifests fit together' exits 0
	cp out probes
	is '... and have both probes' test "$(wc -l < probes)" = 2
	for line in 's/readOnlyRoot/readonlyRoot/' 's|/run/tenon/control|/run/tenon|' 's/port: metrics/port: other/' \
		'0,/name: tenon-host/s//name: other/' 's|mountPath: /tmp|mountPath: /temp|'; do
		sed "$line" "$manifests" > spoilt.yaml
		run python3 "$monitoring/kubernetes.py" spoilt.yaml spoilt.ini
		is "... which they would not after $line" exits 1
	done
}

# ---- Volumes ---------------------------------------------------------------------------------------------------------

# configure_pod SED_SCRIPT: the ConfigMap's configuration with its paths and port as they are here, changed, in $version.
configure_pod() {
	sed -e "s|/var/lib/tenon|$directory/volumes/state|; s|0.0.0.0:9464|127.0.0.1:$port|; s/hold = .*/hold = 20ms/" \
		-e "$1" pod.ini > "$version/tenon.ini"
}

# As the kubelet does it: a new folder, one rename, and the old folder goes.
replace_config() { # SED_SCRIPT
	versions=$((versions + 1)) before=$version
	version=$directory/volumes/config/..2026_11_21_12_00_00.$versions
	mkdir "$version"
	configure_pod "$1"
	ln -s "${version##*/}" volumes/config/..data_tmp
	mv -T volumes/config/..data_tmp volumes/config/..data
	if [ "$before" ]; then rm -r "$before"; fi
}

make_volumes() {
	versions=0 version=
	mkdir -p volumes/config volumes/run volumes/state
	chmod 777 volumes/run volumes/state
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	replace_config ''
	ln -s ..data/tenon.ini volumes/config/tenon.ini
}

# ---- The pod ---------------------------------------------------------------------------------------------------------

start_pod() {
	export RUNTIME_DIRECTORY="$directory/volumes/run/control"
	unset STATE_DIRECTORY
	: > pod.out
	"$built/tests/monitoring/confined" --read-only --tmp=exec --no-capabilities --no-new-privileges "--keep=$built" \
		"--keep=$directory" "--writable=$directory/volumes/run" "--writable=$directory/volumes/state" -- \
		"$program" "$directory/volumes/config/tenon.ini" 2 > pod.out 2> pod.err &
	settled grep -q '^ready' pod.out
	pid=$(sed -n 's/^ready //p' pod.out)
	hosts="$hosts $pid"
}

# Both probes succeed as the kubelet tells it, and it is the process that was started.
is_healthy() {
	while read -r _ path seconds; do
		curl -fsS -m "$seconds" "http://127.0.0.1:$port$path" > out 2> err || return 1
	done < probes
	kill -0 "$pid"
}

metric_is() { settled sh -c "curl -fsS http://127.0.0.1:$port/metrics | grep -q '^$1\$'"; }
status_has() { settled sh -c "'$tool' status $pid | grep -q -e '$1'"; }

try_changes() {
	is 'a pod is ready' settled is_healthy
	is '... with its state and its socket inside the volumes' test -d volumes/state/state -a -S "volumes/run/control/tenon-$pid.sock"
	run tenon status "$pid"
	is '... and not degraded' sh -c '! grep -i "^ *degraded" out'
	replace_config 's/backend = auto/backend = hooked/'
	is 'a new ConfigMap changes the backend, by a rollout' has pod.out '^serving hooked generation'
	is '... which ends well' status_has 'rollout .*promoted'
	is '... and no pod restarts' is_healthy
	replace_config 's/backend = auto/backend = hooked/; s/watch = on/watch = perhaps/'
	is 'an invalid one is an alert' metric_is 'tenon_config_last_reload_successful 0'
	is '... which changes nothing' status_has 'backend .*hooked'
	is '... and no pod restarts' is_healthy
	replace_config 's/backend = auto/backend = nosuch/'
	is 'neither does one with a backend that is not there' status_has "not reloaded.*nosuch"
	is '... restart a pod' is_healthy
	replace_config 's/backend = auto/backend = hooked/'
	is 'a repaired one ends the alert' metric_is 'tenon_config_last_reload_successful 1'
}

try_accidents() {
	run tenon rollback "$pid" --to scalar
	is 'a rollback' exits 0
	is '... restarts no pod' is_healthy
	tenon quarantine add "$pid" hooked > out 2>&1
	tenon unpin "$pid" > out 2>&1
	is 'a backend in quarantine' metric_is 'tenon_quarantined [1-9][0-9]*'
	is '... restarts no pod' is_healthy
	for i in 1 2 3 4 5 6; do replace_config "s/backend = auto/backend = auto\\nlabel = storm$i/"; done
	is 'after a storm of ConfigMaps the last one holds' status_has 'label storm6'
	is '... and no pod restarts' is_healthy
}

# Degraded from the start: ready all the same, and it says so.
try_degraded() {
	replace_config 's/backend = auto/backend = nosuch/'
	start_pod
	is 'a pod whose backend is not there is ready' settled is_healthy
	is '... and says in its health that it is degraded' says out degraded
	is '... as do its metrics' metric_is 'tenon_degraded{reason="[^"].*"} 1'
	kill "$pid"
	has pod.out '^calls [1-9]'
}

# stop_pod: whether all calls were right.
stop_pod() {
	kill "$pid"
	has pod.out '^calls [1-9][0-9]* wrong 0 failed 0$'
}

check_pod() {
	make_volumes
	"$built/tests/monitoring/confined" --read-only -- true 2> err
	if [ $? = 77 ]; then
		skip 'a pod' "$(cat err)"
		return
	fi
	start_pod
	try_changes
	try_accidents
	is 'every call of the pod was right' stop_pod
	try_degraded
}

if ! lacks 'Kubernetes' python3 python3-yaml && ! lacks 'Kubernetes' curl curl; then
	export TENON_BACKEND_PATH="$built/backends/.libs:$built/tests/plugins/.libs"
	judge_manifests
	if ! lacks_http 'a pod'; then check_pod; fi
fi
