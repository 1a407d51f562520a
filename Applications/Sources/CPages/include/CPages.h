#pragma once
#include <stddef.h>

// Files about web pages, as the bytes of the files beside CPages.c: those that the programs write, and the names of characters.
const unsigned char *pages_timeline(void);
size_t pages_timeline_count(void);
const unsigned char *pages_entities(void);
size_t pages_entities_count(void);
