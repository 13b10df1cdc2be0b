# SPDX-License-Identifier: LGPL-2.1-or-later
#
# dashboard.py URL FILE METRICS: every query of the Grafana dashboard FILE, with its variables filled in as Grafana would, asked
# of the Prometheus at URL; TAP without numbers on stdout. METRICS is runtime/metrics.def, whose names are the only ones.
import json
import math
import re
import sys
import time
import urllib.parse
import urllib.request

VARIABLES = {'$job': '.*', '$instance': '.*', '$kernel': '.*', '$__rate_interval': '20s'}


def ask(url, path, **parameters):
    with urllib.request.urlopen(f'{url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}', timeout=20) as answer:
        return json.load(answer)['data']


def fill_in(query):
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    if '$' in query:
        raise ValueError('a variable that nobody defines')
    return query


def panels_of(dashboard):
    for panel in dashboard['panels']:
        yield panel
        yield from panel.get('panels', [])


def has_figures(series):
    values = [float(value) for s in series for _, value in s['values']]
    return any(not math.isnan(value) for value in values)


# Labels that the legend shows, or the table: every series must have them.
def labels_shown(panel, target):
    return set(re.findall(r'{{(\w+)}}', target['legendFormat'])) | set(panel.get('labels', []))


def judge(url, panel, target):
    query, now = fill_in(target['expr']), time.time()
    series = ask(url, 'query_range', query=query, start=now - 60, end=now, step=1)['result']
    if not series or not has_figures(series):
        return 'no data'
    for label in labels_shown(panel, target):
        if any(not s['metric'].get(label) for s in series):
            return f'a series without {label}'
    if panel['type'] == 'stat' and (len(series) != 1 or series[0]['metric']):
        return f'{len(series)} series for one figure'
    if panel['type'] == 'heatmap' and (target['legendFormat'] != '{{le}}' or len(series) < 3):
        return 'no buckets'
    shares = panel['fieldConfig']['defaults'].get('max') == 1
    if shares and any(not 0 <= float(v) <= 1 for s in series for _, v in s['values']):
        return 'a share outside of 0 to 1'
    return ''


# Grafana asks label_values(SERIES, LABEL) of the labels' API.
def judge_variable(url, variable):
    series, label = re.fullmatch(r'label_values\((.*), (\w+)\)', variable['query']['query']).groups()
    return '' if ask(url, f'label/{label}/values', **{'match[]': fill_in(series)}) else 'no values'


def metrics_unknown(text, path):
    with open(path) as file:
        known = set(re.findall(r'^METRIC\((\w+),', file.read(), re.M))
    used = {re.sub('_(bucket|sum|count)$', '', name) for name in re.findall(r'\btenon_([a-z_]+)', text)}
    return sorted(used - known)


def checks(url, dashboard):
    for panel in panels_of(dashboard):
        for target in panel.get('targets', []):
            yield f"{panel['title']}, {target['refId']}", judge, (url, panel, target)
    for note in dashboard['annotations']['list']:
        panel = {'type': 'annotation', 'fieldConfig': {'defaults': {}}}
        yield f"marks of {note['name']}", judge, (url, panel, {'expr': note['expr'], 'legendFormat': note['titleFormat']})
    for variable in dashboard['templating']['list']:
        if variable['type'] == 'query':
            yield f"variable {variable['name']}", judge_variable, (url, variable)


def main(url, path, metrics):
    with open(path) as file:
        text = file.read()
    dashboard, count = json.loads(text), 0
    for name, function, arguments in checks(url, dashboard):
        problem = function(*arguments)
        count += 1
        print(f"{'not ok' if problem else 'ok'} - {name}{': ' if problem else ''}{problem}", flush=True)
    unknown = metrics_unknown(text, metrics)
    print(f"{'not ok' if unknown else 'ok'} - every metric exists {' '.join(unknown)}")
    ids = [panel['id'] for panel in panels_of(dashboard)]
    print(f"{'ok' if len(ids) == len(set(ids)) and count > 25 else 'not ok'} - {count} queries, each panel with its own id")
    print(f"1..{count + 2}")


main(*sys.argv[1:])
