/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

void
json_print(json_object *doc)
{
	puts(json_object_to_json_string_ext(doc,
	    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(doc);
}

json_object *
json_text(const char *text, size_t len)
{
	char *safe = escape(text, len, "\n\t");
	json_object *s = json_object_new_string(safe);

	free(safe);
	return (s);
}

json_object *
json_known(const char *text)
{
	return (text[0] == '\0' ? NULL : json_text(text, strlen(text)));
}

json_object *
json_address(uint64_t v)
{
	char buf[19];

	snprintf(buf, sizeof(buf), "0x%" PRIx64, v);
	return (json_object_new_string(buf));
}
