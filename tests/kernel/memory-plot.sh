#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# memory-plot.sh RESULTS: an SVG, a pair of bars for each pair of images: page cache without and with sharing after reading
# all files, and a mark where the images alone foretold it; below it the same for the programs.
set -euo pipefail
export LC_ALL=C
awk -F'\t' '
	$1 == "saving" && $3 == "one domain" && $4 == "read" { add("all files read", $2, $5 / 1e6, $6 / 1e6, ($5 - $7) / 1e6) }
	$1 == "workload" && $3 == $2 { add("program running", $2, $4 * 1.024e-3, $9 * 1.024e-3, -1) }
	function add(part, name, without, with, predicted, n) {
		n = ++count[part]
		label[part, n] = name; before[part, n] = without; after[part, n] = with; mark[part, n] = predicted
		if (without > most[part]) most[part] = without
	}
	function bar(class, y, value, scale, text) {
		printf "<rect class=\"%s\" x=\"90\" y=\"%d\" width=\"%.1f\" height=\"13\"/>\n", class, y, value * scale
		printf "<text class=\"v\" x=\"%.1f\" y=\"%d\">%s</text>\n", 94 + value * scale, y + 11, text
	}
	function chart(part, title, top, i, y, scale, text) {
		if (!count[part]) return top
		scale = 470 / most[part]
		printf "<text class=\"t\" x=\"8\" y=\"%d\">%s</text>\n", top, title
		for (i = 1; i <= count[part]; i++) {
			y = top + 12 + (i - 1) * 38
			printf "<text x=\"82\" y=\"%d\" text-anchor=\"end\">%s</text>\n", y + 18, label[part, i]
			bar("a", y, before[part, i], scale, sprintf("%.0f MB", before[part, i]))
			text = sprintf("%.0f MB, %.0f %% less", after[part, i], 100 * (1 - after[part, i] / before[part, i]))
			bar("b", y + 14, after[part, i], scale, text)
			if (mark[part, i] >= 0)
				printf "<path class=\"p\" d=\"M%.1f %dv17\"/>\n", 90 + mark[part, i] * scale, y + 12
		}
		return top + 30 + count[part] * 38
	}
	END {
		high = 74 + (count["all files read"] + count["program running"]) * 38 + 60
		printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 700 %d\" font-family=\"sans-serif\" font-size=\"12\">\n", high
		print "<!-- SPDX-License-Identifier: GPL-2.0-or-later OR MIT -->"
		print "<title>Page cache of two versions of an image, without and with inode page sharing</title>"
		print "<style>.f{fill:#fff}text{fill:#222}.a{fill:#b4bac2}.b{fill:#1f77b4}.v{font-size:11px}.t{font-weight:bold}" \
			".p{stroke:#d62728;stroke-width:2}@media(prefers-color-scheme:dark){.f{fill:#16181c}text{fill:#ddd}.a{fill:#667}" \
			".b{fill:#4a9fdc}.p{stroke:#ff6b6b}}</style>"
		printf "<rect class=\"f\" width=\"700\" height=\"%d\"/>\n", high
		print "<rect class=\"a\" x=\"8\" y=\"8\" width=\"12\" height=\"12\"/><text x=\"25\" y=\"18\">without sharing</text>"
		print "<rect class=\"b\" x=\"140\" y=\"8\" width=\"12\" height=\"12\"/><text x=\"157\" y=\"18\">sharing</text>"
		print "<path class=\"p\" d=\"M226 6v16\"/><text x=\"234\" y=\"18\">predicted from the images</text>"
		next_top = chart("all files read", "All files of both images read", 48)
		chart("program running", "The program running from both images: memory for files", next_top + 10)
		print "</svg>"
	}' "$1"
