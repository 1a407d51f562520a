#include "CPages.h"

// #embed is C23, which is newer than the standard that the package manager asks for.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char timeline[] = {
#embed "timeline.html"
};

const unsigned char *pages_timeline(void) { return timeline; }
size_t pages_timeline_count(void) { return sizeof(timeline); }

static const unsigned char entities[] = {
#embed "entities.txt"
};

const unsigned char *pages_entities(void) { return entities; }
size_t pages_entities_count(void) { return sizeof(entities); }
