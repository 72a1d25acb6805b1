/* SPDX-License-Identifier: Apache-2.0 */
/* grid: a table of text whose columns line up (over libsmartcols). */
#include "ctl/grid.h"

#include <libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct grid {
	struct libscols_table *table;
	struct libscols_line *line; /* the last row */
	size_t next;		    /* its next cell */
	bool failed;
};

struct grid *grid_new(const struct grid_style *style)
{
	struct grid *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->table = scols_new_table();
	if (!g->table) {
		free(g);
		return NULL;
	}
	scols_table_set_stream(g->table, style->out);
	scols_table_enable_colors(g->table, style->has_colours);
	scols_table_set_termforce(g->table, style->is_terminal ? SCOLS_TERMFORCE_AUTO
							       : SCOLS_TERMFORCE_NEVER);
	scols_table_set_column_separator(g->table, "  ");
	return g;
}

void grid_column(struct grid *g, const char *name, unsigned flags)
{
	int how = 0;

	if (!g || g->failed)
		return;
	if (flags & GRID_RIGHT)
		how |= SCOLS_FL_RIGHT;
	if (flags & GRID_WRAP)
		how |= SCOLS_FL_WRAP;
	g->failed = !scols_table_new_column(g->table, name, 0, how);
}

void grid_row(struct grid *g)
{
	if (!g || g->failed)
		return;
	g->line = scols_table_new_line(g->table, NULL);
	g->next = 0;
	g->failed = !g->line;
}

static void set_cell(struct grid *g, const char *colour, const char *text)
{
	struct libscols_cell *cell;

	if (scols_line_set_data(g->line, g->next, text) != 0) {
		g->failed = true;
		return;
	}
	cell = scols_line_get_cell(g->line, g->next++);
	if (colour && cell)
		scols_cell_set_color(cell, colour);
}

void grid_cell(struct grid *g, const char *colour, const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	if (!g || g->failed || !g->line)
		return;
	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0) {
		g->failed = true;
		return;
	}
	if (!text[0] || strcmp(text, "-") == 0)
		set_cell(g, NULL, "-"); /* nothing to point at */
	else
		set_cell(g, colour, text);
	free(text);
}

size_t grid_rows(const struct grid *g)
{
	return g && !g->failed ? scols_table_get_nlines(g->table) : 0;
}

enum err_code grid_print(struct grid *g)
{
	bool is_good = g && !g->failed && scols_print_table(g->table) == 0;

	if (g)
		scols_unref_table(g->table);
	free(g);
	return is_good ? ERR_OK : ERR_MEMORY;
}
