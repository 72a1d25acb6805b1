/* SPDX-License-Identifier: Apache-2.0 */
/* grid: a table of text whose columns line up (over libsmartcols), or a list. */
#include "ctl/grid.h"

#include <libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define GAP	 2  /* between two columns */
#define WRAP_MIN 12 /* a column of sentences is not made narrower, unless it needs less */

struct cell {
	char *text;
	const char *colour;
};

struct column {
	const char *name;
	unsigned flags;
	size_t natural; /* width of its widest cell */
	size_t word;	/* of its longest word */
	size_t width;	/* that it gets */
};

struct grid {
	struct grid_style style;
	struct column columns[GRID_COLUMNS_MAX];
	size_t n_columns;
	struct cell *cells; /* row by row, n_columns each */
	size_t n_rows, room, next;
	bool has_no_heading, failed;
};

struct grid *grid_new(const struct grid_style *style)
{
	struct grid *g = calloc(1, sizeof(*g));

	if (g)
		g->style = *style;
	return g;
}

void grid_bare(struct grid *g)
{
	if (g)
		g->has_no_heading = true;
}

/* ---- widths ---- */

/* As libsmartcols counts: a byte that is no character, or a control one, is printed as \xNN. */
static size_t width_of(const char *text, size_t len)
{
	mbstate_t state = { 0 };
	size_t width = 0;

	while (len) {
		wchar_t c;
		size_t n = mbrtowc(&c, text, len, &state);
		int columns = n == (size_t)-1 || n == (size_t)-2 || !n ? -1 : wcwidth(c);

		if (columns < 0 && (n == (size_t)-1 || n == (size_t)-2 || !n)) {
			memset(&state, 0, sizeof(state));
			n = 1;
		}
		width += columns < 0 ? 4 * n : (size_t)columns;
		text += n;
		len -= n;
	}
	return width;
}

static size_t longest_word(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t len = strcspn(text, " "), width = width_of(text, len);

		longest = width > longest ? width : longest;
		text += len + strspn(text + len, " ");
	}
	return longest;
}

static void measure(struct column *c, const char *text)
{
	size_t width = width_of(text, strlen(text)), word = longest_word(text);

	c->natural = width > c->natural ? width : c->natural;
	c->word = word > c->word ? word : c->word;
}

/* ---- columns and cells ---- */

void grid_column(struct grid *g, const char *name, unsigned flags)
{
	if (!g || g->failed)
		return;
	g->failed = g->n_columns == GRID_COLUMNS_MAX || g->n_rows;
	if (g->failed)
		return;
	g->columns[g->n_columns] = (struct column){ .name = name, .flags = flags };
	measure(&g->columns[g->n_columns], name);
	g->columns[g->n_columns].word = width_of(name, strlen(name)); /* a heading stays whole */
	g->n_columns++;
}

void grid_row(struct grid *g)
{
	struct cell *grown;

	if (!g || g->failed)
		return;
	if (g->n_rows == g->room) {
		g->room = g->room ? g->room * 2 : 16;
		grown = realloc(g->cells, g->room * g->n_columns * sizeof(*grown));
		if (!grown) {
			g->failed = true;
			return;
		}
		g->cells = grown;
	}
	memset(&g->cells[g->n_rows * g->n_columns], 0, g->n_columns * sizeof(*g->cells));
	g->n_rows++;
	g->next = 0;
}

void grid_cell(struct grid *g, const char *colour, const char *fmt, ...)
{
	struct cell *cell;
	va_list args;

	if (!g || g->failed || !g->n_rows)
		return;
	if (g->next == g->n_columns) {
		g->failed = true;
		return;
	}
	cell = &g->cells[(g->n_rows - 1) * g->n_columns + g->next];
	va_start(args, fmt);
	if (vasprintf(&cell->text, fmt, args) < 0)
		cell->text = NULL;
	va_end(args);
	if (cell->text && !cell->text[0]) {
		free(cell->text);
		cell->text = strdup("-");
	}
	if (!cell->text) {
		g->failed = true;
		return;
	}
	if (strcmp(cell->text, "-") != 0) /* else there is nothing to point at */
		cell->colour = colour;
	measure(&g->columns[g->next++], cell->text);
}

size_t grid_rows(const struct grid *g)
{
	return g && !g->failed ? g->n_rows : 0;
}

/* ---- what fits ---- */

static size_t least_width(const struct column *c)
{
	size_t least = c->word > WRAP_MIN ? c->word : WRAP_MIN;

	return c->flags & GRID_WRAP && c->natural > least ? least : c->natural;
}

/* Gives each column its width; false when even the least is too wide. */
static bool has_room(struct grid *g)
{
	size_t used = GAP * (g->n_columns - 1);
	bool has_grown = true;

	for (size_t i = 0; i < g->n_columns; i++) {
		struct column *c = &g->columns[i];

		c->width = g->style.width ? least_width(c) : c->natural;
		used += c->width;
	}
	if (!g->style.width || used > g->style.width)
		return !g->style.width;
	while (used < g->style.width && has_grown) { /* what is left goes round */
		has_grown = false;
		for (size_t i = 0; i < g->n_columns && used < g->style.width; i++)
			if (g->columns[i].width < g->columns[i].natural) {
				g->columns[i].width++;
				used++;
				has_grown = true;
			}
	}
	return true;
}

/* Breaks the text between words, in place, so that no line is wider than `width`. */
static void wrap(char *text, size_t width)
{
	size_t at = 0;

	while (*text) {
		size_t len = strcspn(text, " "), word = width_of(text, len);

		if (at && at + 1 + word > width) {
			text[-1] = '\n';
			at = word;
		} else {
			at += (at ? 1 : 0) + word;
		}
		text += len;
		text += *text == ' ';
	}
}

/* ---- as a table ---- */

static bool add_columns(const struct grid *g, struct libscols_table *table)
{
	for (size_t i = 0; i < g->n_columns; i++) {
		unsigned flags = g->columns[i].flags;
		struct libscols_column *c =
			scols_table_new_column(table, g->columns[i].name, 0,
					       flags & GRID_RIGHT  ? SCOLS_FL_RIGHT
					       : flags & GRID_WRAP ? SCOLS_FL_WRAP
								   : 0);

		if (!c)
			return false;
		if (!(flags & GRID_WRAP))
			continue;
		scols_column_set_safechars(c, "\n");
		scols_column_set_wrapfunc(c, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
	}
	return true;
}

static bool add_cells(struct grid *g, struct libscols_table *table)
{
	for (size_t i = 0; i < g->n_rows * g->n_columns; i++) {
		const struct column *column = &g->columns[i % g->n_columns];
		struct cell *cell = &g->cells[i];
		struct libscols_line *line;

		if (i % g->n_columns == 0 && !scols_table_new_line(table, NULL))
			return false;
		line = scols_table_get_line(table, i / g->n_columns);
		if (!cell->text)
			continue;
		if (column->flags & GRID_WRAP)
			wrap(cell->text, column->width);
		if (scols_line_set_data(line, i % g->n_columns, cell->text) != 0)
			return false;
		if (cell->colour)
			scols_cell_set_color(scols_line_get_cell(line, i % g->n_columns),
					     cell->colour);
	}
	return true;
}

static enum err_code print_table(struct grid *g)
{
	struct libscols_table *table = scols_new_table();
	bool is_good;

	if (!table)
		return ERR_MEMORY;
	scols_table_set_stream(table, g->style.out);
	scols_table_enable_colors(table, g->style.has_colours);
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	scols_table_set_column_separator(table, "  ");
	scols_table_enable_noheadings(table, g->has_no_heading);
	is_good = add_columns(g, table) && add_cells(g, table) && scols_print_table(table) == 0;
	scols_unref_table(table);
	return is_good ? ERR_OK : ERR_MEMORY;
}

/* ---- as lists ---- */

/* One cell under its name; what is too long for the terminal goes on below. */
static void add_pair(struct grid *list, const char *name, size_t name_width,
		     const struct cell *cell, unsigned width)
{
	char *text = strdup(cell->text), *save = NULL;
	size_t indent = 2 + name_width + GAP;

	if (!text) {
		list->failed = true;
		return;
	}
	wrap(text, width > indent + WRAP_MIN ? width - indent : WRAP_MIN);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		grid_row(list);
		grid_cell(list, cell->colour, "  %-*s  %s", (int)name_width, name, line);
		name = "";
	}
	free(text);
}

/* A list is a table of one column, without a heading: names, and what stands under them. */
static void add_list(const struct grid *g, const struct cell *row, size_t name_width,
		     struct grid *list)
{
	grid_row(list);
	grid_cell(list, row[0].colour, "%s", row[0].text ? row[0].text : "-");
	for (size_t i = 1; i < g->n_columns; i++)
		if (row[i].text && strcmp(row[i].text, "-") != 0)
			add_pair(list, g->columns[i].name, name_width, &row[i], g->style.width);
}

static enum err_code print_lists(const struct grid *g)
{
	struct grid *list = grid_new(&g->style);
	size_t name_width = 0;

	if (!list)
		return ERR_MEMORY;
	list->style.width = 0; /* a line that is wider still is for the terminal to break */
	list->has_no_heading = true;
	grid_column(list, "", GRID_LEFT);
	for (size_t i = 1; i < g->n_columns; i++)
		if (strlen(g->columns[i].name) > name_width)
			name_width = strlen(g->columns[i].name);
	for (size_t r = 0; r < g->n_rows; r++)
		add_list(g, &g->cells[r * g->n_columns], name_width, list);
	return grid_print(list);
}

enum err_code grid_print(struct grid *g)
{
	enum err_code code = ERR_MEMORY;

	if (g && !g->failed && g->n_rows)
		code = has_room(g) ? print_table(g) : print_lists(g);
	else if (g && !g->failed)
		code = ERR_OK;
	for (size_t i = 0; g && i < g->n_rows * g->n_columns; i++)
		free(g->cells[i].text);
	if (g)
		free(g->cells);
	free(g);
	return code;
}
