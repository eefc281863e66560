#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""ci_steps.py FILE DIRECTORY: the steps of a pipeline as scripts, DIRECTORY/1, DIRECTORY/2 ..., as its service would run them.

What builds or installs the tools is left out. The first line of each script says which step it is. Values of variables come from the
environment of whoever runs the scripts; those of the file are given where they are plain ones.
"""
import pathlib
import re
import sys

import yaml

document = yaml.safe_load(open(sys.argv[1]))
out = pathlib.Path(sys.argv[2])


def write(number, name, variables, script):
    plain = [f': "${{{key}={value}}}"' for key, value in variables.items() if not re.search(r"\$", str(value))]
    out.joinpath(str(number)).write_text("\n".join([f"# {name}", "set -eo pipefail", *plain, script, ""]))


if "jobs" in document:  # GitHub: each step in a shell of its own
    number = 0
    for job in document["jobs"].values():
        for step in job["steps"]:
            if "run" in step and step["name"] != "Build the tools":
                number += 1
                write(number, step["name"], job["env"], step["run"])
else:  # GitLab: all lines in one shell
    jobs = [job for job in document.values() if isinstance(job, dict) and "script" in job]
    for number, job in enumerate(jobs, 1):
        write(number, "script", job["variables"], "\n".join(job["script"]))
