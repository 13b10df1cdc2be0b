# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kubernetes.py MANIFESTS CONFIG: looks whether the parts of the manifests fit together, as an API server and a kubelet would
# find out later, and some more that only a rollback would. Writes the configuration to CONFIG, and to stdout a line
# "KIND PATH SECONDS" for each probe.
import posixpath
import sys

import yaml

# What the API has at these places; a misspelt key is dropped without a word by some servers.
KEYS = {
    'ConfigMap': 'apiVersion kind metadata data',
    'Deployment': 'apiVersion kind metadata spec',
    'Deployment.spec': 'replicas selector template',
    'pod': 'securityContext containers volumes',
    'pod.securityContext': 'runAsNonRoot runAsUser runAsGroup seccompProfile',
    'container': 'name image env ports readinessProbe livenessProbe securityContext volumeMounts',
    'container.securityContext': 'allowPrivilegeEscalation readOnlyRootFilesystem capabilities',
    'probe': 'httpGet periodSeconds timeoutSeconds failureThreshold',
    'mount': 'name mountPath readOnly',
    'volume': 'name configMap emptyDir',
}
problems = []


def demand(good, problem):
    if not good:
        problems.append(problem)


def check_keys(place, found):
    for key in found:
        demand(key in KEYS[place].split(), f'{place} has a key {key}')


def is_inside(path, mounts, writable):
    return any(path.startswith(m['mountPath'] + '/') and bool(m.get('readOnly')) != writable for m in mounts)


def check_volumes(pod, container, config_name):
    mounts, volumes = container['volumeMounts'], pod['volumes']
    for part, places in (('mount', mounts), ('volume', volumes)):
        for place in places:
            check_keys(part, place)
    demand(sorted(m['name'] for m in mounts) == sorted(v['name'] for v in volumes), 'volumes and mounts differ')
    demand(any(v.get('configMap') == {'name': config_name} for v in volumes), 'the ConfigMap is not mounted')


def check_paths(container, ini, data):
    mounts, env = container['volumeMounts'], {e['name']: e['value'] for e in container['env']}
    config, control = env['TENON_CONFIG'], env['RUNTIME_DIRECTORY']
    demand(is_inside(config, mounts, False) and posixpath.basename(config) in data, f'there will be no {config}')
    for path in control, ini['state_dir']:
        demand(is_inside(path, mounts, True), f'{path} is not inside a volume that can be written')
    demand('/tmp' in [m['mountPath'] for m in mounts], 'there is no /tmp for copies of backends')
    demand(len(control) < 80, 'the path of the control socket is too long')


def check_probes(container, ini):
    ports = {p['name']: p['containerPort'] for p in container['ports']}
    patience = {}
    for kind in 'readinessProbe', 'livenessProbe':
        probe = container[kind]
        check_keys('probe', probe)
        get = probe['httpGet']
        demand(ini['http'] == f"0.0.0.0:{ports.get(get['port'])}", f'{kind} asks at another port than [metrics] http')
        patience[kind] = probe['periodSeconds'] * probe['failureThreshold']
        print(kind, get['path'], probe['timeoutSeconds'])
    demand(patience['livenessProbe'] >= 4 * patience['readinessProbe'], 'pods are restarted before they are unready')


def check_hardening(pod, container):
    check_keys('pod.securityContext', pod['securityContext'])
    check_keys('container.securityContext', container['securityContext'])
    context = container['securityContext']
    demand(context == {'allowPrivilegeEscalation': False, 'readOnlyRootFilesystem': True, 'capabilities': {'drop': ['ALL']}},
           'the container may do more than it needs')


def main(manifests, to):
    with open(manifests) as file:
        config, deployment = yaml.safe_load_all(file)
    text = config['data']['tenon.ini']
    ini = dict(line.replace(' ', '').split('=', 1) for line in text.splitlines() if '=' in line)
    spec, pod = deployment['spec'], deployment['spec']['template']['spec']
    container, = pod['containers']
    for place, found in (('ConfigMap', config), ('Deployment', deployment), ('Deployment.spec', spec), ('pod', pod),
                         ('container', container)):
        check_keys(place, found)
    demand((config['apiVersion'], deployment['apiVersion']) == ('v1', 'apps/v1'), 'the API versions are wrong')
    demand(spec['selector']['matchLabels'].items() <= spec['template']['metadata']['labels'].items(), 'selector and labels differ')
    check_volumes(pod, container, config['metadata']['name'])
    check_paths(container, ini, config['data'])
    check_probes(container, ini)
    check_hardening(pod, container)
    with open(to, 'w') as file:
        file.write(text)
    print('\n'.join(problems), file=sys.stderr)
    return 1 if problems else 0


sys.exit(main(*sys.argv[1:]))
