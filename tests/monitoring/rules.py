# SPDX-License-Identifier: LGPL-2.1-or-later
#
# rules.py FOLDER MUTANTS: looks whether each alert of FOLDER/tenon.rules.yml says all that a paged person needs, and writes
# copies of the folder in which the alerts are spoilt in one way each, with the list of those alerts.
import os
import re
import sys

import yaml


def never(rule):
    rule['expr'] = 'vector(0) > 1'


def always(rule):
    rule['expr'] = re.sub(r'(==|>) [0-9.]+', '>= -1', rule['expr'])


def hasty(rule):
    del rule['for']


def first(rule):
    rule['expr'] = rule['expr'].split(' or ')[0]


def second(rule):
    rule['expr'] = rule['expr'].split(' or ')[1]


MUTANTS = [
    (never, 'an alert never fires', lambda rule: True),
    (always, 'the limit is gone', lambda rule: True),
    (hasty, 'it does not wait', lambda rule: 'for' in rule),
    (first, 'series that come into being are forgotten', lambda rule: ' or ' in rule['expr']),
    (second, 'series that go on are forgotten', lambda rule: ' or ' in rule['expr']),
]


def alerts_of(rules):
    return [rule for group in rules['groups'] for rule in group['rules'] if 'alert' in rule]


def find_gaps(rule):
    name, notes = rule['alert'], rule['annotations']
    for key in ('summary', 'description'):
        if len(notes.get(key, '')) < 10:
            yield f'{name} has no {key}'
    if '$labels.instance' not in notes['summary']:
        yield f'the summary of {name} does not say where'
    if notes.get('runbook_url') != f'OPERATIONS.md#alert-{name.lower()}':
        yield f'{name} does not lead to its chapter'
    if rule['labels'].get('severity') not in ('warning', 'critical'):
        yield f'{name} has no severity'


def write_mutant(folder, to, spoil, what, concerns):
    with open(f'{folder}/tenon.rules.yml') as file:
        rules = yaml.safe_load(file)
    spoilt = [rule for rule in alerts_of(rules) if concerns(rule)]
    for rule in spoilt:
        spoil(rule)
    os.makedirs(to)
    with open(f'{folder}/tenon.rules.test.yml') as source, open(f'{to}/tenon.rules.test.yml', 'w') as copy:
        copy.write(source.read())
    with open(f'{to}/tenon.rules.yml', 'w') as file:
        yaml.safe_dump(rules, file)
    with open(f'{to}/what', 'w') as file:
        print(what, file=file)
    with open(f'{to}/alerts', 'w') as file:
        file.writelines(rule['alert'] + '\n' for rule in spoilt)


def main(folder, mutants):
    with open(f'{folder}/tenon.rules.yml') as file:
        alerts = alerts_of(yaml.safe_load(file))
    gaps = [gap for rule in alerts for gap in find_gaps(rule)]
    for spoil, what, concerns in MUTANTS:
        write_mutant(folder, f'{mutants}/{spoil.__name__}', spoil, what, concerns)
    print('\n'.join(gaps))
    return 1 if gaps or len(alerts) < 10 else 0


sys.exit(main(*sys.argv[1:]))
