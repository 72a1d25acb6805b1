/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/frame: the bytes of a link. */
#include "core/frame.h"
#include "tests/unit/unit.h"

#include <event2/buffer.h>
#include <string.h>

static struct evbuffer *in;

static int start(void **state)
{
	in = evbuffer_new();
	return in ? 0 : -1;
}

static int finish(void **state)
{
	evbuffer_free(in);
	return 0;
}

static enum err_code next(uint32_t max, char text[64], struct err *e)
{
	const uint8_t *bytes;
	size_t len;
	enum err_code code = frame_next(in, max, &bytes, &len, e);

	if (code == ERR_OK) {
		assert_true(len < 64);
		memcpy(text, bytes, len);
		text[len] = 0;
		frame_drop(in, len);
	}
	return code;
}

static void a_frame_is_its_length_and_its_bytes(void **state)
{
	uint8_t bytes[7];

	assert_int_equal(frame_add(in, "abc", 3), ERR_OK);
	assert_int_equal(evbuffer_remove(in, bytes, sizeof(bytes)), 7);
	assert_memory_equal(bytes, "\0\0\0\3abc", 7);
}

static void frames_come_out_as_they_went_in(void **state)
{
	char text[64];

	assert_int_equal(frame_add(in, "one", 3), ERR_OK);
	assert_int_equal(frame_add(in, "second", 6), ERR_OK);
	assert_int_equal(next(100, text, NULL), ERR_OK);
	assert_string_equal(text, "one");
	assert_int_equal(next(100, text, NULL), ERR_OK);
	assert_string_equal(text, "second");
	assert_int_equal(next(100, text, NULL), ERR_AGAIN);
}

static void a_frame_may_arrive_byte_by_byte(void **state)
{
	static const char bytes[] = "\0\0\0\3abc";
	char text[64];

	for (int i = 0; i < 6; i++) {
		evbuffer_add(in, bytes + i, 1);
		assert_int_equal(next(100, text, NULL), ERR_AGAIN);
	}
	evbuffer_add(in, bytes + 6, 1);
	assert_int_equal(next(100, text, NULL), ERR_OK);
	assert_string_equal(text, "abc");
}

static void a_frame_of_length_zero_is_an_error(void **state)
{
	struct err e;
	char text[64];

	evbuffer_add(in, "\0\0\0\0x", 5);
	assert_int_equal(next(100, text, &e), ERR_INPUT);
	assert_string_equal(e.text, "a frame of length 0");
	assert_int_equal(frame_add(in, "", 0), ERR_INPUT);
}

static void a_long_frame_is_refused_by_its_head(void **state)
{
	struct err e;
	char text[64];

	evbuffer_add(in, "\xff\xff\xff\xff", 4);
	assert_int_equal(next(100, text, &e), ERR_LIMIT);
	assert_string_equal(e.text, "a frame of 4294967295 bytes, at most 100 are allowed");
	evbuffer_drain(in, 4);
	evbuffer_add(in, "\0\0\0\4abcd", 8);
	assert_int_equal(next(3, text, &e), ERR_LIMIT);
	assert_int_equal(next(4, text, &e), ERR_OK);
}

static enum err_code read_back(struct frame_verdict *out)
{
	const uint8_t *bytes;
	size_t len;

	assert_int_equal(frame_next(in, FRAME_VERDICT_MAX, &bytes, &len, NULL), ERR_OK);
	return frame_read_verdict(bytes, len, out, NULL);
}

static void a_welcome_and_a_refusal_are_read_back(void **state)
{
	struct frame_verdict verdict;

	assert_int_equal(frame_add_verdict(in, NULL), ERR_OK);
	assert_int_equal(read_back(&verdict), ERR_OK);
	assert_false(verdict.is_refusal);
	evbuffer_drain(in, evbuffer_get_length(in));
	assert_int_equal(frame_add_verdict(in, "region eu is taken"), ERR_OK);
	assert_int_equal(read_back(&verdict), ERR_OK);
	assert_true(verdict.is_refusal);
	assert_string_equal(verdict.reason, "region eu is taken");
}

static void a_long_reason_is_cut(void **state)
{
	struct frame_verdict verdict;
	char reason[1000];

	memset(reason, 'x', sizeof(reason));
	reason[sizeof(reason) - 1] = 0;
	assert_int_equal(frame_add_verdict(in, reason), ERR_OK);
	assert_int_equal(read_back(&verdict), ERR_OK);
	assert_int_equal(strlen(verdict.reason), FRAME_VERDICT_REASON_MAX);
}

static void a_reason_cannot_steer_a_terminal(void **state)
{
	struct frame_verdict verdict;

	assert_int_equal(
		frame_read_verdict((const uint8_t *)"\1\1a\33[2J\n\xff", 9, &verdict, NULL),
		ERR_OK);
	assert_string_equal(verdict.reason, "a?[2J??");
}

static void a_verdict_of_another_kind_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} cases[] = {
		{ "\1", 1, "its first frame has 1 bytes, expected 2 to 202" },
		{ "\2\0", 2, "it speaks version 2 of links, we speak version 1" },
		{ "\1\2", 2, "its verdict is 2, expected 0 or 1" },
		{ "", 203, "its first frame has 203 bytes, expected 2 to 202" },
	};
	struct frame_verdict verdict;
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(frame_read_verdict((const uint8_t *)cases[i].bytes, cases[i].len,
						    &verdict, &e),
				 ERR_INPUT);
		assert_string_equal(e.text, cases[i].text);
	}
}

#define WITH_BUFFER(claim) cmocka_unit_test_setup_teardown(claim, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BUFFER(a_frame_is_its_length_and_its_bytes),
		WITH_BUFFER(frames_come_out_as_they_went_in),
		WITH_BUFFER(a_frame_may_arrive_byte_by_byte),
		WITH_BUFFER(a_frame_of_length_zero_is_an_error),
		WITH_BUFFER(a_long_frame_is_refused_by_its_head),
		WITH_BUFFER(a_welcome_and_a_refusal_are_read_back),
		WITH_BUFFER(a_long_reason_is_cut),
		WITH_BUFFER(a_reason_cannot_steer_a_terminal),
		WITH_BUFFER(a_verdict_of_another_kind_is_refused),
	};

	return cmocka_run_group_tests_name("core/frame", tests, NULL, NULL);
}
