/* SPDX-License-Identifier: Apache-2.0 */
/* store_chain: tables that only grow, each row hashed together with the one before. */
#include "schema/sql/store_chain.h"

#include "core/buf.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static void put_number(struct buf *b, int64_t number)
{
	buf_u8(b, 'i');
	buf_u32(b, (uint32_t)((uint64_t)number >> 32));
	buf_u32(b, (uint32_t)number);
}

static void put_text(struct buf *b, const void *text, size_t len)
{
	buf_u8(b, 't');
	buf_u32(b, (uint32_t)len);
	buf_add(b, text, len);
}

static enum err_code digest(const struct buf *b, uint8_t hash[STORE_HASH_LEN], struct err *e)
{
	if (b->failed || EVP_Digest(b->data, b->len, hash, NULL, EVP_sha256(), NULL) != 1)
		return err_set(e, ERR_MEMORY, "out of memory for a hash");
	return ERR_OK;
}

static enum err_code read_link(struct store *s, sqlite3_stmt *row, int column, const char *table,
			       struct store_link *out, struct err *e)
{
	if (sqlite3_column_bytes(row, column + 1) != STORE_HASH_LEN)
		return err_set(e, ERR_INPUT, "%s: an end of %s has no hash", s->path, table);
	out->seq = sqlite3_column_int64(row, column);
	memcpy(out->hash, sqlite3_column_blob(row, column + 1), STORE_HASH_LEN);
	return ERR_OK;
}

enum err_code store_chain_ends(struct store *s, const char *table, struct store_link *cut,
			       struct store_link *head, struct err *e)
{
	sqlite3_stmt *statement;
	bool has_row = false;
	const char *sql = cut ? "SELECT seq, hash, cut_seq, cut_hash FROM chain WHERE name = ?"
			      : "SELECT seq, hash FROM chain WHERE name = ?";
	enum err_code rc = store_sql_prepare(s, &statement, e, sql, "t", table);

	if (rc)
		return rc;
	rc = store_sql_step(statement, &has_row, e);
	if (!rc && !has_row)
		rc = err_set(e, ERR_INPUT, "%s: the ends of %s are missing", s->path, table);
	if (!rc && head)
		rc = read_link(s, statement, 0, table, head, e);
	if (!rc && cut)
		rc = read_link(s, statement, 2, table, cut, e);
	store_sql_done(s, statement);
	return rc;
}

/* ---- adding ---- */

static enum err_code hash_arguments(struct store_link *head, const char *format, va_list args,
				    struct err *e)
{
	struct buf b = BUF_INIT;
	const char *text;
	enum err_code rc;

	buf_add(&b, head->hash, STORE_HASH_LEN);
	put_number(&b, head->seq);
	for (; *format; format++) {
		if (*format == 'i') {
			put_number(&b, va_arg(args, int64_t));
		} else {
			text = va_arg(args, const char *);
			put_text(&b, text ? text : "", text ? strlen(text) : 0);
		}
	}
	rc = digest(&b, head->hash, e);
	buf_fini(&b);
	return rc;
}

/* The caller's columns are ?1 to ?n, so that its format fits; seq before them is ?n+1, hash ?n+2.
 */
static enum err_code insert(struct store *s, const char *table, const struct store_link *head,
			    struct err *e, const char *format, va_list args)
{
	int n = (int)strlen(format), at = 0;
	sqlite3_stmt *statement;
	bool has_row = false;
	char sql[160];
	enum err_code rc;

	at = snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (?%d", table, n + 1);
	for (int i = 1; i <= n + 1; i++)
		at += snprintf(sql + at, sizeof(sql) - (size_t)at, ", ?%d", i <= n ? i : n + 2);
	snprintf(sql + at, sizeof(sql) - (size_t)at, ")");
	rc = store_sql_prepare_v(s, &statement, e, sql, format, args);
	if (rc)
		return rc;
	sqlite3_bind_int64(statement, n + 1, head->seq);
	sqlite3_bind_blob(statement, n + 2, head->hash, STORE_HASH_LEN, SQLITE_STATIC);
	rc = store_sql_step(statement, &has_row, e);
	store_sql_done(s, statement);
	return rc;
}

enum err_code store_chain_add(struct store *s, const char *table, int64_t *seq, struct err *e,
			      const char *format, ...)
{
	struct store_link head;
	va_list args;
	enum err_code rc = store_chain_ends(s, table, NULL, &head, e);

	if (rc)
		return rc;
	head.seq++;
	va_start(args, format);
	rc = hash_arguments(&head, format, args, e);
	va_end(args);
	if (rc)
		return rc;
	va_start(args, format);
	rc = insert(s, table, &head, e, format, args);
	va_end(args);
	if (!rc)
		rc = store_sql_run(s, e, "UPDATE chain SET seq = ?, hash = ? WHERE name = ?", "iht",
				   head.seq, head.hash, table);
	if (!rc && seq)
		*seq = head.seq;
	return rc;
}

/* ---- following ---- */

enum err_code store_chain_next(sqlite3_stmt *row, struct store_link *link, struct err *e)
{
	int columns = sqlite3_column_count(row) - 1; /* the last one is the hash */
	struct buf b = BUF_INIT;
	enum err_code rc;

	buf_add(&b, link->hash, STORE_HASH_LEN);
	for (int i = 0; i < columns; i++) {
		if (sqlite3_column_type(row, i) == SQLITE_INTEGER)
			put_number(&b, sqlite3_column_int64(row, i));
		else
			put_text(&b, sqlite3_column_text(row, i),
				 (size_t)sqlite3_column_bytes(row, i));
	}
	rc = digest(&b, link->hash, e);
	link->seq = sqlite3_column_int64(row, 0);
	buf_fini(&b);
	return rc;
}
