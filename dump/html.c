/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "dump/html.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include <erofs/api.h>

#include "dump/ishare.h"
#include "dump/text.h"

void html_escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			putc(*text, out);
		}
	}
}

void html_name(FILE *out, const char *name, size_t size)
{
	char *text = erofs_escape(name, size);

	fputs("<bdi class=name>", out);
	html_escape(out, text ? text : "?");
	fputs("</bdi>", out);
	free(text);
}

void html_size(FILE *out, const char *tag, const char *id, uint64_t bytes)
{
	char text[ISHARE_SIZE_MAX];

	ishare_format_size(text, bytes);
	fprintf(out, "<%s%s%s data-bytes=\"%" PRIu64 "\" title=\"%" PRIu64 " bytes\">%s</%s>", tag, *id ? " id=" : "",
		id, bytes, bytes, text, tag);
}

void html_begin(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>\n"
	      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	      "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n<title>",
	      out);
	html_escape(out, title);
	fprintf(out, "</title>\n<style>\n%s</style></head><body>\n<h1>", ishare_style);
	html_escape(out, title);
	fputs("</h1>\n", out);
}

void html_end(FILE *out, const char *command)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
	struct tm parts;
	char when[64] = "";

	if (gmtime_r(&now, &parts) && !strftime(when, sizeof(when), ", %Y-%m-%d %H:%M UTC", &parts))
		*when = 0;
	fprintf(out, "<footer>dump.erofs %s %s%s</footer>\n</body></html>\n", erofs_version(), command, when);
}

int html_write(const char *path, void (*put)(FILE *out, const void *what), const void *what)
{
	FILE *out = fopen(path, "we");
	int err;

	if (!out)
		return -errno;
	errno = 0;
	put(out, what);
	err = ferror(out) ? -(errno ? errno : EIO) : 0;
	if (fclose(out) && !err)
		err = -errno;
	return err;
}
