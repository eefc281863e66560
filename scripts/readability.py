#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""readability.py [--words N] [--lix N] FILE...: how hard pages are to read.

For each page: words in a sentence, share of words with more than six letters, and LIX, their sum (below 40: plain, above 50: hard). Then
the sentences of more than N words (--words). With --lix, exit status 1 if a page is above N, or if a sentence is too long.
Code, tables, headings and what stands in parentheses do not count; a name in backquotes is one short word. Manual pages are read as mandoc renders them.
"""
import argparse
import re
import subprocess
import sys


def markdown(path):
    """Paragraphs of running text, with their first lines."""
    text, start, fenced = [], 0, False
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        if line.startswith("```"):
            fenced = not fenced
        ends = fenced or line.startswith(("```", "    ", "#", "|", "<!--", "!")) or not line.strip()
        if ends or re.match(r"\s*(-|\d+\.) ", line):
            if text:
                yield start, " ".join(text)
            text = []
        if not ends:
            start = start if text else number
            text.append(re.sub(r"^\s*(-|\d+\.) ", "", line.strip()))
    if text:
        yield start, " ".join(text)


def manual(path):
    rendered = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=1000", path], capture_output=True, check=True, text=True).stdout
    section = ""
    for line in re.sub(".\b", "", rendered).splitlines():
        if line and not line.startswith(" "):
            section = line
        elif section not in ("NAME", "SYNOPSIS", "EXAMPLES", "SEE ALSO") and len(line.split()) > 4 and "  " not in line.strip():
            yield 0, line.strip()


def sentences(paragraph):
    paragraph = re.sub(r"`[^`]*`", "code", paragraph)
    paragraph = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", paragraph)
    paragraph = re.sub(r"\([^()]*\)", "", paragraph)
    for sentence in re.split(r"(?<=[.!?:])\**\s+", paragraph):
        words = re.findall(r"[A-Za-z][A-Za-z'-]*", re.sub(r"\S*[/_=@<>]\S*|--?[a-z][\w-]*|\S*\w\.\w\S*", "code", sentence))
        if words:
            yield words, sentence


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--words", type=int, default=36)
    parser.add_argument("--lix", type=float)
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    bad = 0
    for path in options.files:
        read = manual if re.search(r"\.\d$", path) else markdown
        found = [(number, words, text) for number, paragraph in read(path) for words, text in sentences(paragraph)]
        count = sum(len(words) for _, words, _ in found)
        if not found:
            print(f"{path}: no text")
            continue
        share = 100 * sum(len(word) > 6 for _, words, _ in found for word in words) / count
        lix = count / len(found) + share
        print(f"{path}: {count / len(found):.1f} words, {share:.0f} % long, LIX {lix:.0f}")
        bad += options.lix is not None and lix > options.lix
        for number, words, text in found:
            if len(words) > options.words:
                print(f"{path}:{number}: {len(words)} words: {text}")
                bad += 1
    return 1 if bad and options.lix is not None else 0


sys.exit(main())
