/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_answer: any packet gets silence or a message that is whole, within its room, and that ldns
 * can read; over UDP and over TCP, from both families, while members come and go. */
#include "dnsd/answer/answer.h"
#include "dnsd/publish/publish.h"
#include "dnsd/zone/zone_load.h"
#include "schema/config/config.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(claim)              \
	do {                     \
		if (!(claim))    \
			abort(); \
	} while (0)

static const char zone_text[] =
	"$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\n"
	"www A 192.0.2.80\nalias CNAME chat\nloop CNAME loop\nold DNAME apps\n"
	"sub NS ns.sub\nns.sub A 192.0.2.4\n*.wild TXT any\na.b.c MX 5 www\n";
static const char config_text[] =
	"fleet: example\nnode: ns1\nlisten: {dns: [\"127.0.0.1:53\"]}\n"
	"zones: [{name: example.com, file: /never/read}]\n"
	"regions: {eu: {at: [50, 8], country: DE}, us: {at: [39, -77], country: US}}\n"
	"topology: [{client: {prefix: 10.0.0.0/9}, prefer: [eu]}]\n"
	"pools:\n"
	"  p:\n"
	"    method: geo\n"
	"    members:\n"
	"      - {region: eu, addresses: [192.0.2.10, 192.0.2.11, \"2001:db8::10\"]}\n"
	"      - {region: us, addresses: [192.0.2.20], weight: 7}\n"
	"  n: {last_resort: none, members: [{region: us, addresses: [\"2001:db8::20\"]}]}\n"
	"services:\n"
	"  chat.example.com: {pool: p}\n"
	"  none.example.com: {pool: n}\n"
	"  \"*.apps.example.com\": {pool: p, fence: {DE: [eu]}}\n";

static struct snapshot *snap;
static struct answer_scratch scratch;

static struct zone_set *load_zones(const struct dnsd_config *c)
{
	const struct zone_limits limits = { .seed = 1 };
	struct zone_service services[3];
	struct zone_set *set;
	struct zone *zone;

	for (uint32_t i = 0; i < 3; i++)
		services[i] = (struct zone_service){ c->services[i].name, i };
	MUST(c->n_services == 3);
	MUST(zone_load_text(zone_text, strlen(zone_text), "zone", "example.com", &limits, &zone,
			    NULL, NULL) == ERR_OK);
	MUST(zone_set_new(&zone, 1, services, 3, NULL, &set, NULL, NULL) == ERR_OK);
	zone_unref(zone);
	return set;
}

static void start(void)
{
	struct publish_parts parts = { 0 };
	struct client_map_input in;
	struct config_report report;
	struct dnsd_config *config;
	struct labels *labels;

	config_report_init(&report);
	if (config_dnsd_parse("fuzz", config_text, strlen(config_text), &config, &report) !=
	    ERR_OK) {
		fputs(buf_text(&report.errors), stderr);
		abort();
	}
	parts.zones = load_zones(config);
	in = client_map_input_of(config);
	MUST(client_map_build(&in, &parts.clients, NULL) == ERR_OK);
	MUST(labels_new(&labels) == ERR_OK);
	MUST(publish_build(config, &parts, NULL, labels, &snap, NULL) == ERR_OK);
	MUST(answer_scratch_init(&scratch) == ERR_OK);
	publish_parts_unref(&parts);
	labels_free(labels);
	config_dnsd_free(config);
	config_report_fini(&report);
}

/* What the question says is not for ldns to like: names of any bytes, types it has no words for. */
static void check(const uint8_t *query, const uint8_t *out, size_t len, size_t room)
{
	ldns_pkt *pkt = NULL;
	ldns_status status;

	if (!len)
		return;
	MUST(len >= 12 && len <= room);
	MUST(memcmp(query, out, 2) == 0 && out[2] & 0x80);
	status = ldns_wire2pkt(&pkt, out, len);
	if (status != LDNS_STATUS_OK) {
		fprintf(stderr, "ldns: %s\n", ldns_get_errorstr_by_id(status));
		abort();
	}
	ldns_pkt_free(pkt);
}

static void answer(const uint8_t *data, size_t size, const struct addr *source,
		   enum answer_transport transport, size_t room)
{
	/* Of exact size, so that AddressSanitizer sees a write past the end. */
	uint8_t *out = malloc(room);

	MUST(out);
	check(data, out, answer_query(snap, &scratch, data, size, source, transport, out, room),
	      room);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct addr v4 = { .family = 4, .bytes = { 10, 1, 2, 3 } };
	static const struct addr v6 = { .family = 6, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } };

	if (!snap)
		start();
	for (uint32_t s = 0; s < snap->n_services; s++)
		atomic_store(&snap->lives[s].serve, size % 4);
	answer(data, size, &v4, ANSWER_UDP, 512);
	answer(data, size, &v6, ANSWER_UDP, ANSWER_UDP_MAX);
	answer(data, size, &v4, ANSWER_TCP, ANSWER_OUT_MAX);
	return 0;
}
