/* SPDX-License-Identifier: Apache-2.0 */
/* fail_alloc: makes the n-th allocation of a test program fail (linked with --wrap). */
#include "tests/unit/fail_alloc.h"

#include <errno.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);

static _Thread_local unsigned fails_at, seen, failed;
static _Thread_local bool fails_on;

static void start(unsigned n, bool on)
{
	fails_at = n;
	fails_on = on;
	seen = failed = 0;
}

void fail_alloc_at(unsigned n)
{
	start(n, false);
}

void fail_alloc_from(unsigned n)
{
	start(n, true);
}

bool fail_alloc_end(void)
{
	fails_at = 0;
	return failed > 0;
}

static bool is_to_fail(void)
{
	if (fails_at == 0)
		return false;
	seen++;
	if (seen != fails_at && !(fails_on && seen > fails_at))
		return false;
	failed++;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return is_to_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_to_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return is_to_fail() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return is_to_fail() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
	return is_to_fail() ? NULL : __real_strdup(text);
}
