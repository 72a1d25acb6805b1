/* SPDX-License-Identifier: Apache-2.0 */
/* grid: a table of text whose columns line up (over libsmartcols), or a list where it is too
 * wide.
 *
 *   NAME       HEALTH  LOAD                     eu-west
 *   eu-west    up      [#####.....]  48%          HEALTH  up
 *                                                 LOAD    [#####.....]  48%
 *
 * Within `width` columns, those marked GRID_WRAP are broken between words; no word, so no address,
 * is ever cut. Where even that is too wide, each row becomes a list of its cells. In a pipe (width
 * 0) lines are as long as they must be. Control bytes are printed as \x1b and the like.
 *
 * Threads    one owner
 * Ownership  texts are copied; grid_print() frees the grid, whatever it returns
 * Units      width in columns of the terminal
 * Errors     a failed allocation makes later calls no-ops; grid_print() tells
 */
#ifndef FAIRLEAD_CTL_GRID_H
#define FAIRLEAD_CTL_GRID_H

#include "core/err.h"

#include <stdbool.h>
#include <stdio.h>

#define GRID_COLUMNS_MAX 16

enum grid_flag {
	GRID_LEFT = 0,
	GRID_RIGHT = 1, /* numbers */
	GRID_WRAP = 2,	/* sentences and lists */
};

struct grid_style {
	FILE *out;
	bool has_colours;
	unsigned width; /* 0 = no limit */
};

struct grid;

struct grid *grid_new(const struct grid_style *style);		    /* NULL is taken by all below */
void grid_column(struct grid *g, const char *name, unsigned flags); /* all before the first row */
void grid_row(struct grid *g);
/* The row's next cell; "" becomes "-". colour: "red", "green", "yellow", "gray", or NULL. */
void grid_cell(struct grid *g, const char *colour, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void grid_bare(struct grid *g); /* without a heading */
size_t grid_rows(const struct grid *g);
enum err_code grid_print(struct grid *g);

#endif
