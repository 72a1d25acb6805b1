/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/mailbox, without a loop: the test is the owner. */
#include "core/mailbox.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <poll.h>
#include <string.h>

static struct mailbox box;
static char trace[64];

static int start(void **state)
{
	memset(trace, 0, sizeof(trace));
	return mailbox_init(&box, NULL) == ERR_OK ? 0 : -1;
}

static int finish(void **state)
{
	mailbox_fini(&box);
	return 0;
}

static bool is_readable(void)
{
	struct pollfd p = { .fd = box.fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void note(void *arg)
{
	strcat(trace, arg);
}

static void post_again(void *arg)
{
	struct mail *mail = arg;

	strcat(trace, "x");
	mail->fn = note;
	mail->arg = "y";
	mailbox_post_mail(&box, mail); /* its memory is ours again */
}

static void calls_are_made_in_the_order_of_posting(void **state)
{
	struct mail mail = { .fn = note, .arg = "b" };

	assert_false(is_readable());
	assert_int_equal(mailbox_post(&box, note, "a"), ERR_OK);
	mailbox_post_mail(&box, &mail);
	assert_int_equal(mailbox_post(&box, note, "c"), ERR_OK);
	assert_true(is_readable());
	assert_string_equal(trace, "");
	mailbox_read(&box);
	assert_string_equal(trace, "abc");
	assert_false(is_readable());
}

static void what_a_call_posts_waits_for_the_next_read(void **state)
{
	struct mail mail = { .fn = post_again, .arg = &mail };

	mailbox_post_mail(&box, &mail);
	mailbox_read(&box);
	assert_string_equal(trace, "x");
	assert_true(is_readable());
	mailbox_read(&box);
	assert_string_equal(trace, "xy");
}

static struct mail victim = { .fn = note, .arg = "v" };

static void unpost_victim(void *arg)
{
	mailbox_unpost(&box, &victim); /* due in this very read */
}

static void a_mail_can_be_taken_back(void **state)
{
	mailbox_post_mail(&box, &victim);
	mailbox_unpost(&box, &victim);
	assert_int_equal(mailbox_post(&box, unpost_victim, NULL), ERR_OK);
	mailbox_post_mail(&box, &victim);
	assert_int_equal(mailbox_post(&box, note, "a"), ERR_OK);
	mailbox_read(&box);
	assert_string_equal(trace, "a");
	mailbox_unpost(&box, &victim); /* it is nowhere */
	assert_int_equal(mailbox_post(&box, note, "b"), ERR_OK);
	mailbox_read(&box);
	assert_string_equal(trace, "ab");
}

static void without_memory_a_mail_still_goes(void **state)
{
	struct mail mail = { .fn = note, .arg = "a" };

	fail_alloc_from(1);
	assert_int_equal(mailbox_post(&box, note, "b"), ERR_MEMORY);
	mailbox_post_mail(&box, &mail);
	mailbox_read(&box);
	assert_true(fail_alloc_end());
	assert_string_equal(trace, "a");
}

static void a_wake_without_mail_is_a_read_without_calls(void **state)
{
	mailbox_wake(&box);
	assert_true(is_readable());
	mailbox_read(&box);
	assert_string_equal(trace, "");
	assert_int_equal(mailbox_post(&box, note, "never"), ERR_OK); /* dropped with the box */
}

#define WITH_BOX(claim) cmocka_unit_test_setup_teardown(claim, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOX(calls_are_made_in_the_order_of_posting),
		WITH_BOX(what_a_call_posts_waits_for_the_next_read),
		WITH_BOX(a_mail_can_be_taken_back),
		WITH_BOX(without_memory_a_mail_still_goes),
		WITH_BOX(a_wake_without_mail_is_a_read_without_calls),
	};

	return cmocka_run_group_tests_name("core/mailbox", tests, NULL, NULL);
}
