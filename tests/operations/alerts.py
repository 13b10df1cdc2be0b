# SPDX-License-Identifier: LGPL-2.1-or-later
#
# alerts.py DOCUMENT RULES: exits 0 if the alerts of the rules are the chapters "Alert: NAME" of the document, and each
# runbook_url leads to its chapter; else says what is where.
import re
import sys

import yaml

document = open(sys.argv[1], encoding="utf-8").read()
rules = [rule for group in yaml.safe_load(open(sys.argv[2], encoding="utf-8"))["groups"] for rule in group["rules"]
         if "alert" in rule]
chapters = re.findall(r"^### Alert: (\w+)$", document, re.M)
alerts = [rule["alert"] for rule in rules]
wrong = [f"no chapter for {name}" for name in alerts if name not in chapters]
wrong += [f"no alert for the chapter {name}" for name in chapters if name not in alerts]
wrong += [f"{rule['alert']}: {rule['annotations'].get('runbook_url')}" for rule in rules
          if not rule["annotations"].get("runbook_url", "").endswith(f"OPERATIONS.md#alert-{rule['alert'].lower()}")]
print("\n".join(wrong), end="")
sys.exit(bool(wrong) or not alerts)
