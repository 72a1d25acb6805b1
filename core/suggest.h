/* SPDX-License-Identifier: Apache-2.0 */
/* suggest: the known word that somebody most likely meant.
 *
 * Threads    any; no state
 * Source     Damerau's distance (one insertion, deletion, change or swap of neighbours = 1), in the
 *            form that edits no part twice
 */
#ifndef FAIRLEAD_CORE_SUGGEST_H
#define FAIRLEAD_CORE_SUGGEST_H

#include <stddef.h>

/* Edits between two words; words over 64 bytes are as far apart as the longer one is long. */
unsigned suggest_distance(const char *a, const char *b);

/* Keeps the best of many words: start with suggest_init(), and offer every known word in turn. */
struct suggest {
	const char *typed, *best; /* best NULL = none is near */
	unsigned distance;
};
void suggest_init(struct suggest *s, const char *typed);
/* A word counts with one edit, and with two when at least six characters were typed; under three
 * characters only the word itself does. What was typed in full is a start of the word ("fail" of
 * "failover") counts as one edit. */
void suggest_offer(struct suggest *s, const char *word);

#endif
