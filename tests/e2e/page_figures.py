#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""page_figures.py DOM REPORT: compares the figures of a page, as a browser has them, with those of --json; prints what is
wrong with either, or "agreed"."""
import json
import sys
from html.parser import HTMLParser

ALLOWED = set("html head meta title style body h1 h2 h3 p div b i span code section bdi br input label table tbody tr th td footer".split())
VOID = {"meta", "br", "input"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.bytes = {}  # by id
        self.counts = {}  # by section
        self.rows = {"image": [], "directory": []}
        self.names = []
        self.section = self.row = None
        self.stack = []
        self.wrong = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in ALLOWED:
            self.wrong.append(f"an element {tag}")
        for name, value in attrs.items():
            if name.startswith("on") or name in ("src", "href") or (name == "style" and not value.startswith(("width:", "--p:"))):
                self.wrong.append(f"an attribute {name}={value}")
        if tag not in VOID:
            self.stack.append(tag)
        if tag == "section":
            self.section = attrs["id"]
        if tag == "bdi":
            self.names.append("")
        if tag == "div" and attrs.get("class", "").startswith("row "):
            self.row = {"name": None, "figures": [], "bar": {}}
            self.rows[attrs["class"].split()[1]].append(self.row)
        if "data-count" in attrs:
            self.counts[attrs.get("id", self.section)] = int(attrs["data-count"])
        if "data-bytes" in attrs:
            if "id" in attrs:
                self.bytes[attrs["id"]] = int(attrs["data-bytes"])
            elif self.row is not None and tag == "i":
                self.row["bar"][attrs["class"]] = int(attrs["data-bytes"])
            elif self.row is not None:
                self.row["figures"].append(int(attrs["data-bytes"]))

    def handle_endtag(self, tag):
        if tag == "section":
            self.section = self.row = None
        while self.stack and self.stack.pop() != tag:
            pass

    def handle_data(self, data):
        if self.stack and self.stack[-1] == "bdi":
            self.names[-1] += data
            if self.row is not None and self.row["name"] is None:
                self.row["name"] = data


page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
report = json.load(open(sys.argv[2]))["ishare_report"]


def expect(what, want, found):
    if want != found:
        page.wrong.append(f"{what}: {want} in the report, {found} on the page")


total = report["total"]
for figure in ("page_bytes", "shared_page_bytes", "saved_page_bytes"):
    expect(figure, total[figure], page.bytes.get(figure.replace("_", "-")))
expect("files", total["files"], page.counts.get("files"))
for spoiler in ("size_clashes", "no_fingerprint", "kind_clashes", "different_contents"):
    expect(spoiler, report[spoiler]["count"], page.counts.get(spoiler.replace("_", "-"), 0))
expect("images", [[i["page_bytes"], i["marginal_page_bytes"]] for i in report["images"]],
       [row["figures"] for row in page.rows["image"]])
for image, row in zip(report["images"], page.rows["image"]):
    expect("bar of " + row["name"], image["page_bytes"], sum(row["bar"].values()))
    expect("unshareable part of " + row["name"], image["unshareable_page_bytes"], row["bar"].get("never", 0))
expect("directories", [[d["page_bytes"], d["shared_page_bytes"]] for d in report["directories"]],
       [row["figures"] for row in page.rows["directory"]])
for directory, row in zip(report["directories"], page.rows["directory"]):
    expect("saved in " + row["name"], directory["page_bytes"] - directory["shared_page_bytes"], row["bar"].get("saved", 0))
for loss in report["no_fingerprint"]["worst"]:
    if loss.get("path", "") not in page.names and "\\" not in loss.get("path", "\\") and loss["path"].isprintable():
        page.wrong.append(f"{loss['path']} is not on the page as it is")
print("\n".join(page.wrong) or "agreed")
