/* SPDX-License-Identifier: Apache-2.0 */
/* fake: the CLI with a daemon that is a list of requests and replies, and with its output kept.
 *
 * A reply serves one request and is then used up; a request without a reply is answered
 * "unreached".
 *
 * Ownership  fake_fini() frees all; texts live until the next fake_run()
 */
#ifndef FAIRLEAD_TESTS_UNIT_CTL_FAKE_H
#define FAIRLEAD_TESTS_UNIT_CTL_FAKE_H

#include "ctl/dispatch.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_REPLIES_MAX 48
#define FAKE_WORDS_MAX	 24

struct fake_reply {
	const char *request; /* "GET /v1/regions" */
	const char *json;    /* the document, or */
	const char *code, *message;
	bool is_used;
};

struct fake {
	struct cli cli;
	struct fake_reply replies[FAKE_REPLIES_MAX];
	size_t n_replies;
	char asked[4096]; /* a line each: "POST /v1/drain {"region":"a"}" */
	char *out, *err;
	size_t out_len, err_len;
	const char *typed; /* what a person types when asked; NULL = nobody is there */
	bool has_colours;
	unsigned width; /* of the terminal; 0 = a pipe */
};

static unsigned fake_paused_ms;

static inline void fake_pause(unsigned ms)
{
	fake_paused_ms += ms;
}

static inline uint64_t fake_now(void)
{
	return fake_paused_ms;
}

static inline struct fake_reply *fake_find(struct fake *f, const char *line)
{
	for (size_t i = 0; i < f->n_replies; i++)
		if (!f->replies[i].is_used && strcmp(f->replies[i].request, line) == 0)
			return &f->replies[i];
	return NULL;
}

static inline enum outcome fake_send(void *fake, const struct call_request *request, json_t **doc,
				     struct failure *p)
{
	struct fake *f = fake;
	char *body = request->body ? json_dumps(request->body, JSON_COMPACT | JSON_SORT_KEYS)
				   : NULL;
	size_t len = strlen(f->asked);
	struct fake_reply *reply;
	char line[512];

	snprintf(line, sizeof(line), "%s %s", request->method, request->path);
	snprintf(f->asked + len, sizeof(f->asked) - len, "%s%s%s\n", line, body ? " " : "",
		 body ? body : "");
	free(body);
	reply = fake_find(f, line);
	if (!reply)
		return outcome_set(p, "unreached", "nobody answers");
	reply->is_used = true;
	if (reply->code)
		return outcome_set(p, reply->code, "%s", reply->message);
	if (request->into) {
		fputs(reply->json, request->into);
		return OUTCOME_DONE;
	}
	*doc = json_loads(reply->json, JSON_DECODE_ANY, NULL);
	assert_non_null(*doc);
	return OUTCOME_DONE;
}

static inline void fake_answer(struct fake *f, const char *request, const char *json)
{
	assert_true(f->n_replies < FAKE_REPLIES_MAX);
	f->replies[f->n_replies++] = (struct fake_reply){ .request = request, .json = json };
}

static inline void fake_refuse(struct fake *f, const char *request, const char *code,
			       const char *message)
{
	assert_true(f->n_replies < FAKE_REPLIES_MAX);
	f->replies[f->n_replies++] =
		(struct fake_reply){ .request = request, .code = code, .message = message };
}

static inline void fake_fini(struct fake *f)
{
	free(f->out);
	free(f->err);
	f->out = f->err = NULL;
}

/* Runs `fairlead LINE`; words are parted by single spaces. Returns the exit status. */
static inline int fake_run(struct fake *f, const char *line)
{
	char words[512], *argv[FAKE_WORDS_MAX] = { (char *)"fairlead" }, *save = NULL;
	char typed[64];
	int argc = 1, status;
	FILE *out, *err, *in;

	fake_fini(f);
	f->asked[0] = 0;
	fake_paused_ms = 0;
	out = open_memstream(&f->out, &f->out_len);
	err = open_memstream(&f->err, &f->err_len);
	snprintf(typed, sizeof(typed), "%s", f->typed ? f->typed : "\n");
	in = fmemopen(typed, strlen(typed), "r");
	f->cli = (struct cli){
		.out = out,
		.err = err,
		.in = in,
		.style = { .out = out, .has_colours = f->has_colours, .width = f->width },
		.can_ask = f->typed,
		.pause_ms = fake_pause,
		.now_ms = fake_now,
		.send = fake_send,
		.send_ctx = f
	};
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assert_true(argc < FAKE_WORDS_MAX - 1);
		argv[argc++] = word;
	}
	status = dispatch_run(&f->cli, argc, argv);
	fclose(out);
	fclose(err);
	fclose(in);
	return status;
}

/* The code in {"error":{"code"}} on standard output; "" when there is none. */
static inline const char *fake_error_code(const struct fake *f, char out[32])
{
	json_t *doc = json_loads(f->out, 0, NULL);
	const char *code =
		json_string_value(json_object_get(json_object_get(doc, "error"), "code"));

	snprintf(out, 32, "%s", code ? code : "");
	json_decref(doc);
	return out;
}

#endif
