#pragma once
#include <stddef.h>

// The web pages that the programs write, as the bytes of the files beside CPages.c.
const unsigned char *pages_timeline(void);
size_t pages_timeline_count(void);
