#pragma once

// Debian's libxml2 is built with ICU, whose headers clash with the ICU inside Foundation. They only add
// fields at the end of a structure that we never make or look into.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <libxml/encoding.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

// xmlFree is a global variable that holds a function: strict concurrency rejects it from Swift.
static inline void cxml_free(void *pointer) { xmlFree(pointer); }

// The reporters of libxml2 write to standard error. They are kept per thread, and one of them takes variable
// arguments, so Swift cannot replace it.
static void cxml_ignore_text(void *context, const char *format, ...) {
  (void)context;
  (void)format;
}
static void cxml_ignore_error(void *context, xmlErrorPtr error) {
  (void)context;
  (void)error;
}
static inline void cxml_silence_thread(void) {
  xmlSetGenericErrorFunc(NULL, cxml_ignore_text);
  xmlSetStructuredErrorFunc(NULL, cxml_ignore_error);
}
static inline void cxml_silence_xpath(xmlXPathContextPtr context) {
  context->error = cxml_ignore_error;
}

// What builds trees, for a handler that looks at elements first.
#include <libxml/SAX2.h>
