// Everything in this target is inline: see include/CBakeryCore.h.
#include "CBakeryCore.h"
